//! A panel of a sheet: two axes, a grid, and where a value lies. Axes and grid are
//! plotters'; all arithmetic on places is in whole numbers or in portable functions.

use std::ops::Range;

use plotters::chart::ChartBuilder;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged, ValueFormatter};
use plotters::coord::{CoordTranslate, Shift};
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::{Color as _, IntoFont as _, RGBColor, TextStyle};

use super::sheet::{AXIS, Anchor, Board, GRID, Sheet};

/// Where a panel lies: its upper left corner and its lower right one, axes included.
pub(super) type Frame = ((i32, i32), (i32, i32));

/// Room for the labels left of a panel, and below it.
const LEFT: i32 = 74;
const BELOW: i32 = 26;

/// A panel that has been drawn.
pub(super) struct Panel<X: Ranged, Y: Ranged> {
    coord: Cartesian2d<X, Y>,
}

/// A panel of moments, in microseconds from the clients' start, and something else.
pub(super) type OverTime<Y> = Panel<Even, Y>;

/// What can be a vertical axis.
pub(super) trait Upright: Ranged + ValueFormatter<Self::ValueType> + Clone {}

impl<R: Ranged + ValueFormatter<R::ValueType> + Clone> Upright for R {}

/// What stands at an axis.
pub(super) struct Axis<'a, R: Ranged> {
    pub(super) range: R,
    pub(super) labels: usize,
    pub(super) word: &'a dyn Fn(&R::ValueType) -> String,
}

impl Axis<'_, Even> {
    /// An axis without numbers.
    pub(super) fn bare() -> Self {
        Self {
            range: Even::new(0, 1),
            labels: 0,
            word: &|_| String::new(),
        }
    }
}

impl<X, Y> Panel<X, Y>
where
    X: Ranged + ValueFormatter<X::ValueType> + Clone,
    Y: Ranged + ValueFormatter<Y::ValueType> + Clone,
{
    /// Draws the axes and the grid of a panel.
    pub(super) fn draw(sheet: &mut Sheet, frame: Frame, x: Axis<'_, X>, y: Axis<'_, Y>) -> Self
    where
        X::ValueType: std::fmt::Debug,
        Y::ValueType: std::fmt::Debug,
    {
        const WHY: &str = "a sheet refuses nothing";
        let root: DrawingArea<Board<'_>, Shift> = Board(sheet).into_drawing_area();
        let (width, height) = (root.dim_in_pixel().0 as i32, root.dim_in_pixel().1 as i32);
        let ((left, top), (right, bottom)) = frame;
        let root = root.margin(top, height - bottom, left, width - right);
        let mut chart = ChartBuilder::on(&root)
            .y_label_area_size(LEFT)
            .x_label_area_size(BELOW)
            .build_cartesian_2d(x.range, y.range)
            .expect(WHY);
        let none: RGBColor = GRID;
        chart
            .configure_mesh()
            .x_labels(x.labels)
            .y_labels(y.labels)
            .x_label_formatter(x.word)
            .y_label_formatter(y.word)
            .axis_style(AXIS)
            .bold_line_style(GRID)
            .light_line_style(none.mix(0.0))
            .label_style(TextStyle::from(("sans-serif", 14).into_font()))
            .draw()
            .expect(WHY);
        let coord = chart.plotting_area().as_coord_spec().clone();
        drop(chart);
        Self { coord }
    }

    /// Where a pair of values lies.
    pub(super) fn at(&self, x: X::ValueType, y: Y::ValueType) -> (i32, i32) {
        self.coord.translate(&(x, y))
    }

    /// How far to the right a value lies.
    pub(super) fn across(&self, x: &X::ValueType) -> i32 {
        let pixels = self.coord.get_x_axis_pixel_range();
        self.coord.x_spec().map(x, (pixels.start, pixels.end))
    }

    /// The pixels of the panel's inside, from left to right and from top to bottom.
    pub(super) fn inside(&self) -> (Range<i32>, Range<i32>) {
        let x = self.coord.get_x_axis_pixel_range();
        let y = self.coord.get_y_axis_pixel_range();
        (x, y.start.min(y.end)..y.start.max(y.end))
    }
}

/// What is measured along the vertical axis, written above it.
pub(super) fn unit(sheet: &mut Sheet, ((left, top), _): Frame, words: &str) {
    sheet.text("unit", Anchor::Start, (left + 14, top - 13), words);
}

/// Whole numbers from one to another, evenly. Its steps are 1, 2 or 5 times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Even {
    from: i64,
    to: i64,
}

impl Even {
    /// The numbers from `from` to `to`, which is more.
    pub(super) fn new(from: i64, to: i64) -> Self {
        Self {
            from,
            to: to.max(from + 1),
        }
    }

    /// The smallest step that makes no more than so many.
    fn step(&self, most: usize) -> i64 {
        let length = self.to - self.from;
        let mut ten = 1;
        loop {
            for times in [1, 2, 5] {
                if length / (ten * times) < most as i64 {
                    return ten * times;
                }
            }
            ten *= 10;
        }
    }
}

impl Ranged for Even {
    type FormatOption = DefaultFormatting;
    type ValueType = i64;

    fn map(&self, value: &i64, (begin, end): (i32, i32)) -> i32 {
        let (pixels, length) = (i128::from(end - begin), i128::from(self.to - self.from));
        let part = i128::from(value - self.from) * pixels * 2 + length;
        begin + part.div_euclid(length * 2) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<i64> {
        let most = hint.bold_points().min(hint.max_num_points());
        if most == 0 {
            return Vec::new();
        }
        let step = self.step(most);
        let first = self.from.div_euclid(step) + i64::from(self.from.rem_euclid(step) > 0);
        let points = (first..).map(|point| point * step);
        points.take_while(|point| *point <= self.to).collect()
    }

    fn range(&self) -> Range<i64> {
        self.from..self.to
    }
}

/// Lengths of time from one power of ten to another, in microseconds, evenly by magnitude.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decades {
    from: u64,
    to: u64,
}

impl Decades {
    /// The fewest powers of ten around these lengths; at least from 1 ms to 10 ms.
    pub(super) fn around(shortest: u64, longest: u64) -> Self {
        let mut from = 1_000;
        while from > shortest.max(1) {
            from /= 10;
        }
        while from * 10 <= shortest {
            from *= 10;
        }
        let mut to = from * 10;
        while to < longest {
            to *= 10;
        }
        Self { from, to }
    }

    /// How far along the scale a length is, in millionths.
    fn millionths(&self, micros: u64) -> i64 {
        let log = |value: u64| libm::log10(value as f64);
        let micros = micros.clamp(self.from, self.to);
        let part = (log(micros) - log(self.from)) / (log(self.to) - log(self.from));
        libm::round(part * 1e6) as i64
    }
}

impl Ranged for Decades {
    type FormatOption = DefaultFormatting;
    type ValueType = u64;

    fn map(&self, value: &u64, (begin, end): (i32, i32)) -> i32 {
        let length = i64::from(end - begin);
        let part = length * self.millionths(*value) + 500_000;
        begin + part.div_euclid(1_000_000) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<u64> {
        let tens = std::iter::successors(Some(self.from), |ten| Some(ten * 10));
        let tens = tens.take_while(|ten| *ten <= self.to);
        // Over few powers of ten there is room for what lies between them.
        let times: &[u64] = if self.to / self.from <= 1_000 {
            &[1, 2, 5]
        } else {
            &[1]
        };
        let points = tens.flat_map(|ten| times.iter().map(move |times| ten * times));
        points.filter(|point| *point <= self.to).collect()
    }

    fn range(&self) -> Range<u64> {
        self.from..self.to
    }
}

/// A length of time in few letters: `250 us`, `4 ms`, `2.5 s`.
pub(super) fn length(micros: u64) -> String {
    let (value, unit) = match micros {
        0..1_000 => return format!("{micros} us"),
        1_000..1_000_000 => (micros, "ms"),
        _ => (micros / 1000, "s"),
    };
    let (whole, part) = (value / 1000, value % 1000);
    if part == 0 {
        format!("{whole} {unit}")
    } else {
        let text = format!("{whole}.{part:03}");
        format!("{} {unit}", text.trim_end_matches('0'))
    }
}

/// A moment in seconds: `0`, `2.5`, `-8`.
pub(super) fn moment(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_hold_what_they_are_for() {
        let rows = [
            ((4_000, 11_000), (1_000, 100_000)),
            ((5_000, 7_525_600), (1_000, 10_000_000)),
            ((10, 10), (10, 100)),
            ((0, 0), (1, 10)),
            ((1_000, 10_000), (1_000, 10_000)),
        ];
        for ((shortest, longest), (from, to)) in rows {
            assert_eq!(Decades::around(shortest, longest), Decades { from, to });
        }
        let decades = Decades::around(1_000, 1_000_000);
        let places = [1_000, 10_000, 100_000, 1_000_000].map(|v| decades.map(&v, (300, 0)));
        assert_eq!(places, [300, 200, 100, 0]);
        assert_eq!(
            decades.key_points(10).len(),
            10,
            "1, 2, 5, 10, ..., 1000 ms"
        );
        let wide = Decades::around(1, 10_000);
        assert_eq!(wide.key_points(10), [1, 10, 100, 1_000, 10_000]);
    }

    #[test]
    fn even_steps_are_round() {
        let rows: [(i64, i64, usize, &[i64]); 4] = [
            (0, 10, 6, &[0, 2, 4, 6, 8, 10]),
            (-8_300, 8_500, 5, &[-5_000, 0, 5_000]),
            (
                0,
                1_000,
                11,
                &[0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000],
            ),
            (3, 4, 0, &[]),
        ];
        for (from, to, most, points) in rows {
            assert_eq!(Even::new(from, to).key_points(most), points);
        }
        let places = [-5, 0, 5].map(|value| Even::new(-5, 5).map(&value, (100, 200)));
        assert_eq!(places, [100, 150, 200]);
    }

    #[test]
    fn times_in_few_letters() {
        assert_eq!(length(250), "250 us");
        assert_eq!(length(4_000), "4 ms");
        assert_eq!(length(2_500_000), "2.5 s");
        assert_eq!(length(10_100), "10.1 ms");
        let moments = [0, 2_500_000, -8_000_000, 10].map(moment);
        assert_eq!(moments, ["0 s", "2.5 s", "-8 s", "0.00001 s"]);
    }
}
