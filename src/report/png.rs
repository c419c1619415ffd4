//! Pictures as PNG, for slides and documents that take no SVG. They are drawn by `resvg` from
//! the very SVG, in its light colours, with fonts that are part of the program: the same
//! picture on every machine, and none of its fonts is looked for.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

/// Pixels of the picture for each of the drawing: sharp on a projector and on paper.
const SCALE: f32 = 2.0;

/// The fonts that our pictures ask for.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for font in [
        dejavu::sans::regular(),
        dejavu::sans::bold(),
        dejavu::sans_mono::regular(),
        dejavu::sans_mono::bold(),
    ] {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts.set_monospace_family("DejaVu Sans Mono");
    Arc::new(fonts)
});

/// The picture of an SVG document of ours, twice its size.
///
/// # Panics
/// If the document is no SVG, or has no area: ours are and have.
pub fn of_svg(svg: &str) -> Vec<u8> {
    let options = Options {
        fontdb: Arc::clone(&FONTS),
        font_family: "DejaVu Sans".to_owned(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).expect("what we draw is SVG");
    let size = tree.size().to_int_size();
    let size = size.scale_by(SCALE).expect("a picture has an area");
    let mut pixels = Pixmap::new(size.width(), size.height()).expect("a picture has an area");
    let scale = Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels.encode_png().expect("pixels can be written as PNG")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of this size with these many pixels that are not white.
    fn drawn(svg: &str) -> (u32, u32, usize) {
        let pixels = Pixmap::decode_png(&of_svg(svg)).expect("PNG");
        let ink = pixels.pixels().iter();
        let ink = ink.filter(|pixel| (pixel.red(), pixel.green(), pixel.blue()) != (255, 255, 255));
        (pixels.width(), pixels.height(), ink.count())
    }

    #[test]
    fn words_are_drawn_in_our_own_fonts() {
        let picture = |family: &str, words: &str| {
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"40\">\
                 <style>text{{font:20px {family}}}@media(prefers-color-scheme:dark){{rect{{fill:#000}}}}</style>\
                 <rect width=\"200\" height=\"40\" fill=\"#fff\"/><text x=\"4\" y=\"28\">{words}</text></svg>"
            )
        };
        let (width, height, blank) = drawn(&picture("sans-serif", ""));
        assert_eq!(
            (width, height, blank),
            (400, 80, 0),
            "light, twice the size"
        );
        for family in [
            "system-ui,\"DejaVu Sans\",sans-serif",
            "ui-monospace,monospace",
        ] {
            let (.., plain) = drawn(&picture(family, "élan"));
            let (.., signs) = drawn(&picture(family, "\u{2713}\u{2717}\u{2192}"));
            assert!(plain > 300 && signs > 300, "{family}: {plain}, {signs}");
        }
    }
}
