//! Charts of loads and of searches for a capacity, as SVG.

use std::collections::BTreeMap;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::measure::capacity::CapacityResult;
use crate::measure::figures::SecondFigures;
use crate::measure::search::TrialVerdict;

/// Part of a chart that is drawn on.
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Result of drawing; the errors of `plotters` have no common type.
type DrawResult = Result<(), Box<dyn std::error::Error>>;

/// Points that are drawn as one curve.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Points from left to right, each across and up.
    pub points: Vec<(f64, f64)>,
    /// Colour, one of [`COLOURS`].
    pub colour: RGBColor,
    /// Marks at the points.
    pub dots: bool,
}

/// One panel of a chart, with its axes and curves.
#[derive(Debug, Clone)]
pub struct Panel<'a> {
    /// Title above the panel.
    pub title: &'a str,
    /// Label of the horizontal axis.
    pub across: &'a str,
    /// Label of the vertical axis.
    pub up: &'a str,
    /// Logarithmic scale of the vertical axis.
    pub logarithmic: bool,
    /// Curves of the panel.
    pub lines: Vec<Curve>,
}

/// Colours that people with colour blindness can distinguish too (Okabe and Ito).
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Draws latency over the offered rate.
#[must_use]
pub fn capacity(result: &CapacityResult) -> String {
    // A doubtful trial measured the generator, not the system.
    let mut trials: Vec<_> =
        result.trials.iter().filter(|trial| trial.held != TrialVerdict::Doubtful).collect();
    trials.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let line = |name: &str, quantile: f64, colour| Curve {
        name: name.to_owned(),
        points: trials
            .iter()
            .filter_map(|trial| Some((trial.rate, trial.tally.from_due.quantile(quantile)? as f64 / 1000.0)))
            .collect(),
        colour,
        dots: true,
    };
    let title = format!("{}: latency over offered rate", result.path);
    svg(
        (800, 450),
        &[Panel {
            title: &title,
            across: "offered, arrivals per second",
            up: "latency from due, ms",
            logarithmic: true,
            lines: vec![line("p50", 0.5, COLOURS[0]), line("p99", 0.99, COLOURS[1])],
        }],
    )
}

/// Draws rates and latencies over time.
#[must_use]
pub fn load(seconds: &[SecondFigures]) -> String {
    let mut paths: BTreeMap<&str, Vec<&SecondFigures>> = BTreeMap::new();
    for second in seconds {
        paths.entry(&second.path).or_default().push(second);
    }
    let lines = |name: &str, get: &dyn Fn(&SecondFigures) -> Option<f64>| {
        let line = |(number, (path, seconds)): (usize, (&&str, &Vec<&SecondFigures>))| Curve {
            name: format!("{path}{name}"),
            points: seconds.iter().filter_map(|second| Some((second.second as f64, get(second)?))).collect(),
            colour: COLOURS[number % COLOURS.len()],
            dots: false,
        };
        paths.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let across = "seconds after the start of the load";
    let panel = |title, up, logarithmic, lines| Panel { title, across, up, logarithmic, lines };
    let ok = lines("", &|second| Some(second.ok as f64));
    let not_ok = lines("", &|second| Some(second.not_ok as f64));
    let p99 = lines("", &|second| second.p99);
    svg(
        (900, 900),
        &[
            panel("acknowledged", "per second", false, ok),
            panel("not acknowledged", "per second", false, not_ok),
            panel("latency from due, p99", "ms", true, p99),
        ],
    )
}

/// Draws panels one below the other, in a picture of the given width and height.
#[must_use]
// These files stand alone. The charts of `report.html` are those of `picture`, since this
// library knows neither a dark theme nor patterns beside colours.
pub fn svg(size: (u32, u32), panels: &[Panel<'_>]) -> String {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        // Drawing into a text can't fail; a panel that can't be drawn stays empty.
        let _ = root.fill(&WHITE);
        for (panel, area) in panels.iter().zip(root.split_evenly((panels.len(), 1))) {
            let _ = draw(panel, &area);
        }
        let _ = root.present();
    }
    text
}

fn draw(panel: &Panel<'_>, area: &Area<'_>) -> DrawResult {
    let all = || panel.lines.iter().flat_map(|line| &line.points);
    // At least 1, since an axis of no length can't be divided.
    let right = all().map(|point| point.0).fold(1.0, f64::max);
    let top = all().map(|point| point.1).fold(1.0, f64::max) * 1.1;
    let mut builder = ChartBuilder::on(area);
    builder.caption(panel.title, ("sans-serif", 16)).margin(10);
    builder.x_label_area_size(36).y_label_area_size(70);
    // The two kinds of axis are types of their own.
    if panel.logarithmic {
        let bottom = all().map(|point| point.1).filter(|up| *up > 0.0).fold(top, f64::min);
        // A power of ten below all values, so that the ticks of the axis are round numbers.
        let bottom = 10f64.powf(bottom.log10().floor());
        let chart = builder.build_cartesian_2d(0.0..right * 1.2, (bottom..top).log_scale())?;
        fill(chart, panel)
    } else {
        let chart = builder.build_cartesian_2d(0.0..right * 1.2, 0.0..top)?;
        fill(chart, panel)
    }
}

fn fill<'a, 'b, Up>(
    mut chart: ChartContext<'a, SVGBackend<'b>, Cartesian2d<plotters::coord::types::RangedCoordf64, Up>>,
    panel: &Panel<'_>,
) -> DrawResult
where
    'b: 'a,
    Up: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .x_desc(panel.across)
        .y_desc(panel.up)
        .label_style(("sans-serif", 12))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for Curve { name, points, colour, dots } in &panel.lines {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], style));
        if *dots {
            chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        // Curves under the legend must stay visible.
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u64, path: &str) -> SecondFigures {
        SecondFigures {
            second,
            path: path.into(),
            ok: 10 * second,
            not_ok: 1,
            p50: Some(1.0),
            p99: Some(9.0),
        }
    }

    #[test]
    fn a_load_is_drawn_with_a_line_for_each_path_and_panel() {
        let picture = load(&[second(0, "a"), second(1, "a"), second(0, "b"), second(1, "b")]);
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        // Two paths in three panels, each with its line and that of its name.
        assert!(picture.matches("<polyline").count() >= 6, "{picture}");
        for text in ["acknowledged", "latency from due, p99"] {
            assert!(picture.contains(text));
        }
    }

    #[test]
    fn nothing_is_drawn_as_nothing() {
        assert!(load(&[]).starts_with("<svg"));
    }
}
