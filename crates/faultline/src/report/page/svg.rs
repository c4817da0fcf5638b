//! Drawings as SVG.

use maud::{Markup, html};

use crate::picture::drawing::ShapeGroup;
use crate::picture::lettering::Anchor;
use crate::picture::{Drawing, Shape};

/// Writes a drawing at its natural size, or smaller where the page is narrow.
pub(super) fn draw(drawing: &Drawing) -> Markup {
    let Drawing { width, height, label, shapes } = drawing;
    html! {
        svg class="picture" viewBox=(format!("0 0 {width} {height}")) style=(format!("max-width: {width}px"))
            role="img" aria-label=(label) { (all(shapes)) }
    }
}

/// Writes the fills that drawings refer to, once for a page.
pub(super) fn patterns(drawing: &Drawing) -> Markup {
    html! {
        svg class="picture patterns" width="0" height="0" aria-hidden="true" { defs { (all(&drawing.shapes)) } }
    }
}

fn all(shapes: &[Shape]) -> Markup {
    html! { @for shape in shapes { (write(shape)) } }
}

fn write(shape: &Shape) -> Markup {
    html! {
        @match shape {
            Shape::Path { class, d } => path class=(class) d=(d) {},
            Shape::Rect { class, x, y, width, height, radius } => {
                rect class=(class) x=(x) y=(y) width=(width) height=(height) rx=[(*radius > 0.0).then_some(radius)] {}
            },
            Shape::Circle { class, x, y, radius } => circle class=(class) cx=(x) cy=(y) r=(radius) {},
            Shape::Text { class, x, y, anchor, lettering, text } => {
                text class=(class) x=(x) y=(y) text-anchor=[text_anchor(*anchor)] font-size=(lettering.size)
                    font-weight=[lettering.bold.then_some("600")] { (text) }
            },
            // Without target and label: they make a group a button, and a page without scripts has none.
            Shape::Group(ShapeGroup { class, title, shapes, .. }) => {
                g class=[(!class.is_empty()).then_some(class)] {
                    @if !title.is_empty() { title { (title) } }
                    (all(shapes))
                }
            },
            Shape::Pattern { id, size, rotate, shapes } => {
                pattern id=(id) width=(size) height=(size) patternUnits="userSpaceOnUse"
                    patternTransform=(format!("rotate({rotate})")) { (all(shapes)) }
            },
        }
    }
}

fn text_anchor(anchor: Anchor) -> Option<&'static str> {
    match anchor {
        Anchor::Start => None,
        Anchor::Middle => Some("middle"),
        Anchor::End => Some("end"),
    }
}
