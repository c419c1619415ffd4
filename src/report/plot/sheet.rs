//! A sheet of SVG that is drawn on in whole pixels and with classes instead of colours:
//! the same bytes everywhere, dark and light by one style.

use std::fmt::Write as _;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use crate::report::markup::escape;

/// How pictures look: the palette of Okabe and Ito, told apart without it by dashes, by the
/// shapes of markers and by hatching.
pub const STYLE: &str = include_str!("sheet.css");

/// What a piece of text is flush with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The sheet.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) width: i32,
    pub(super) height: i32,
    /// For scripts: the first and the last moment of the panels over time in microseconds,
    /// and between which pixels they lie, from left to right and from top to bottom.
    pub(super) time: Option<[i64; 6]>,
    out: String,
    /// Shapes of one class become one path, as long as nothing else comes between.
    class: String,
    path: String,
}

impl Sheet {
    pub(super) fn new(width: i32, height: i32) -> Self {
        Self {
            width,
            height,
            time: None,
            out: String::new(),
            class: String::new(),
            path: String::new(),
        }
    }

    /// Begins or continues a path of a class.
    fn path(&mut self, class: &str) -> &mut String {
        if self.class != class {
            self.flush();
            class.clone_into(&mut self.class);
        }
        &mut self.path
    }

    fn flush(&mut self) {
        if !self.path.is_empty() {
            let (class, path) = (&self.class, &self.path);
            let _ = writeln!(self.out, "<path class=\"{class}\" d=\"{path}\"/>");
            self.path.clear();
        }
    }

    /// A line through points.
    pub(super) fn line(&mut self, class: &str, points: impl IntoIterator<Item = (i32, i32)>) {
        let path = self.path(class);
        let mut last: Option<(i32, i32)> = None;
        for (x, y) in points {
            let _ = match last {
                None => write!(path, "M{x} {y}"),
                Some(last) if last == (x, y) => Ok(()),
                Some((_, before)) if before == y => write!(path, "H{x}"),
                Some((before, _)) if before == x => write!(path, "V{y}"),
                Some((left, above)) => write!(path, "l{} {}", x - left, y - above),
            };
            last = Some((x, y));
        }
    }

    /// A rectangle from its upper left corner.
    pub(super) fn rect(&mut self, class: &str, (x, y): (i32, i32), (width, height): (i32, i32)) {
        let _ = write!(self.path(class), "M{x} {y}h{width}v{height}h-{width}z");
    }

    /// Lines across a rectangle, `step` apart: rising, or falling.
    pub(super) fn hatch(
        &mut self,
        class: &str,
        (x, y): (i32, i32),
        (width, height): (i32, i32),
        step: i32,
        rising: bool,
    ) {
        let mut at = step;
        while at < width + height {
            // The line where the distances to the left and to one other side add up to `at`.
            let (x1, y1) = (x + at.min(width), (at - width).max(0));
            let (x2, y2) = (x + (at - height).max(0), at.min(height));
            let (y1, y2) = if rising {
                (y + y1, y + y2)
            } else {
                (y + height - y1, y + height - y2)
            };
            self.line(class, [(x1, y1), (x2, y2)]);
            at += step;
        }
    }

    /// The marker of the `index`-th server, centred on a point.
    pub(super) fn marker(&mut self, index: usize, (x, y): (i32, i32), radius: i32) {
        let r = radius;
        let path = self.path(&format!("m{}", index % SERVERS));
        let _ = match index % SERVERS {
            0 => write!(
                path,
                "M{} {y}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0z",
                x - r,
                d = 2 * r
            ),
            1 => write!(path, "M{} {}h{d}v{d}h-{d}z", x - r, y - r, d = 2 * r),
            2 => write!(path, "M{x} {}l{r} {d}h-{d}z", y - r, d = 2 * r),
            3 => write!(path, "M{x} {}l{r} {r}l-{r} {r}l-{r}-{r}z", y - r - 1),
            4 => write!(path, "M{x} {}l{r}-{d}h-{d}z", y + r, d = 2 * r),
            5 => write!(path, "M{} {}h{d}v{r}h-{d}z", x - r, y - r / 2, d = 2 * r),
            _ => write!(path, "M{} {}v{d}h{r}v-{d}z", x - r / 2, y - r, d = 2 * r),
        };
    }

    /// A tick: passed.
    pub(super) fn tick(&mut self, (x, y): (i32, i32)) {
        let _ = write!(self.path("passed"), "M{} {y}l3 4l6-9", x - 4);
    }

    /// A cross: failed.
    pub(super) fn cross(&mut self, class: &str, (x, y): (i32, i32), radius: i32) {
        let (r, d) = (radius, 2 * radius);
        let _ = write!(
            self.path(class),
            "M{} {}l{d} {d}m0-{d}l-{d} {d}",
            x - r,
            y - r
        );
    }

    /// A piece of text on the line `y`.
    pub(super) fn text(&mut self, class: &str, anchor: Anchor, (x, y): (i32, i32), text: &str) {
        self.flush();
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = escape(text);
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\"{anchor} x=\"{x}\" y=\"{y}\">{text}</text>"
        );
    }

    /// The whole picture without its style. `name` makes its ids unique on a page.
    pub(super) fn close(mut self, name: &str, title: &str, description: &str) -> String {
        self.flush();
        let (width, height) = (self.width, self.height);
        let time = self.time.map_or_else(String::new, |time| {
            let numbers = time.map(|number| number.to_string()).join(" ");
            format!(" data-time=\"{numbers}\"")
        });
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\"{time} viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\">\n<title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n<path class=\"paper\" d=\"M0 0H{width}V{height}H0z\"/>\n{}</svg>\n",
            escape(title),
            escape(description),
            self.out
        )
    }
}

/// Servers that look different from each other.
pub(super) const SERVERS: usize = 7;

/// About how wide a text is, in letters of this many pixels.
pub(super) fn width(text: &str, size: i32) -> i32 {
    (text.chars().count() as i32 * size * 3 + 4) / 5
}

/// Colours that stand for classes: plotters knows only colours.
pub(super) const AXIS: plotters::style::RGBColor = plotters::style::RGBColor(1, 0, 0);
pub(super) const GRID: plotters::style::RGBColor = plotters::style::RGBColor(2, 0, 0);

fn class(color: BackendColor) -> &'static str {
    match color.rgb.0 {
        1 => "axis",
        _ => "grid",
    }
}

/// The sheet for plotters, which draws axes and grids on it.
pub(super) struct Board<'a>(pub(super) &'a mut Sheet);

type Drawn = Result<(), DrawingErrorKind<std::convert::Infallible>>;

impl DrawingBackend for Board<'_> {
    type ErrorType = std::convert::Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.0.width as u32, self.0.height as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.0.rect(class(color), point, (1, 1));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            self.0.line(class(style.color()), [from, to]);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            self.0.line(class(style.color()), path);
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let down = match style.anchor().v_pos {
            VPos::Top => 12,
            VPos::Center => 5,
            VPos::Bottom => 0,
        };
        self.0.text("label", anchor, (x, y + down), text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_one_class_are_one_path() {
        let mut sheet = Sheet::new(100, 50);
        sheet.line("axis", [(0, 0), (10, 0), (10, 5), (12, 8)]);
        sheet.rect("axis", (1, 2), (3, 4));
        sheet.line("grid", [(5, 5), (5, 5)]);
        let picture = sheet.close("p", "a & b", "c < d");
        assert!(picture.contains("<path class=\"axis\" d=\"M0 0H10V5l2 3M1 2h3v4h-3z\"/>\n"));
        assert!(picture.contains("<path class=\"grid\" d=\"M5 5\"/>\n"));
        assert!(picture.contains("<title id=\"p-title\">a &amp; b</title>"));
    }

    /// Every hatch line ends on the rectangle's edges.
    #[test]
    fn hatches_stay_inside() {
        for rising in [true, false] {
            for size in [(40, 10), (10, 40), (7, 7)] {
                let mut sheet = Sheet::new(100, 100);
                sheet.hatch("grid", (20, 30), size, 3, rising);
                let path = sheet.path.clone();
                assert!(path.matches('M').count() >= 4, "{path}");
                for line in path.split('M').filter(|line| !line.is_empty()) {
                    let numbers: Vec<i32> = line
                        .split(['l', ' '])
                        .map(|number| number.parse().expect("a number"))
                        .collect();
                    let [x, y, dx, dy] = numbers[..] else {
                        panic!("{line}");
                    };
                    for (x, y) in [(x, y), (x + dx, y + dy)] {
                        assert!((20..=20 + size.0).contains(&x), "{line}");
                        assert!((30..=30 + size.1).contains(&y), "{line}");
                    }
                    assert_eq!(dx.abs(), dy.abs(), "{line}: 45 degrees");
                }
            }
        }
    }
}
