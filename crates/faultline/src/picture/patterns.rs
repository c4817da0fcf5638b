//! Fills of the outcomes, so that colour is not all that tells them apart, and the words that explain them.

use super::area::{Point, Rectangle};
use super::drawing::{Drawing, Shape};

/// Explanation of the outcomes, for a line of text above the charts.
pub const LEGEND: &str = "ok: acknowledged. fail: certainly no effect. info: effect unknown. dropped: never sent, the limit \
                          of operations in flight was reached. offered: all that were due. Latency counts from the due \
                          time.";

/// Draws the fills. A page shows this drawing once, before all that refer to them.
#[must_use]
pub fn patterns() -> Drawing {
    let pattern =
        |id: &str, size, rotate, shapes| Shape::Pattern { id: format!("fill-{id}"), size, rotate, shapes };
    let ground = |class: &str, size| Shape::rect(class, Rectangle::new(0.0, 0.0, size, size), 0.0);
    let shapes = vec![
        pattern("fail", 6.0, 45.0, vec![ground("fail", 6.0), Shape::path("gap", "M0 0V6")]),
        pattern(
            "info",
            5.0,
            0.0,
            vec![ground("info", 5.0), Shape::circle("gap", Point { x: 2.5, y: 2.5 }, 1.1)],
        ),
        pattern("dropped", 4.0, 0.0, vec![ground("gap", 4.0), Shape::path("dropped", "M0 2H4")]),
        pattern("recovery", 5.0, -45.0, vec![ground("gap", 5.0), Shape::path("recovery", "M0 0V5")]),
    ];
    Drawing { width: 0.0, height: 0.0, label: String::new(), shapes }
}
