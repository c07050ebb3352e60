//! The plot of what each tool finds: a panel for the quiet machine and one for the busy one.

use std::path::Path;

use acceptance::Outcome;
use plotters::prelude::*;

use crate::curves::Curve;

const SIZE: (u32, u32) = (1080, 460);
/// Told apart by people who see colours otherwise, too (Okabe and Ito 2008).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(0, 114, 178),
];

/// Draws both panels into an SVG file.
///
/// # Errors
/// When it cannot be written.
pub fn draw(path: &Path, panels: [(&str, &[Curve]); 2]) -> Outcome<()> {
    let failed = |error: String| format!("cannot draw `{}`: {error}", path.display());
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(error.to_string()))?;
    let halves = area.split_evenly((1, 2));
    for (half, (name, curves)) in halves.iter().zip(panels) {
        panel(half, name, curves).map_err(failed)?;
    }
    area.present().map_err(|error| failed(error.to_string()))
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    name: &str,
    curves: &[Curve],
) -> Result<(), String> {
    let text = |error: DrawingAreaErrorKind<_>| format!("{error}");
    let mut chart = ChartBuilder::on(area)
        .caption(format!("Changes reported, {name}"), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(0f64..10.3, 0f64..102.0)
        .map_err(text)?;
    chart
        .configure_mesh()
        .x_desc("true change in % (at 0: false alarms)")
        .y_desc("reported in %")
        .draw()
        .map_err(text)?;
    for (curve, colour) in curves.iter().zip(COLOURS) {
        let width = if curve.name == crate::peers::OURS { 3 } else { 1 };
        let points = || curve.found.iter().map(|(size, share)| (*size as f64 / 10.0, share.value() * 100.0));
        chart
            .draw_series(LineSeries::new(points(), colour.stroke_width(width)))
            .map_err(text)?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width)));
        chart.draw_series(points().map(|at| Circle::new(at, 3, colour.filled()))).map_err(text)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(text)
}
