//! The plot of what each tool finds: a panel for the quiet machine and one for the busy one.

use std::collections::BTreeSet;
use std::path::Path;

use acceptance::Outcome;
use plotters::prelude::*;

use crate::curves::Curve;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

const SIZE: (u32, u32) = (1080, 520);
const LEGEND_HEIGHT: u32 = 60;
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

/// Draws both panels and the names of the curves beneath them into an SVG file.
///
/// # Errors
/// When it cannot be written.
pub fn draw(path: &Path, panels: [(&str, &[Curve]); 2]) -> Outcome<()> {
    let failed = |error: String| format!("cannot draw `{}`: {error}", path.display());
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(error.to_string()))?;
    let (above, beneath) = area.split_vertically(SIZE.1 - LEGEND_HEIGHT);
    for (half, (name, curves)) in above.split_evenly((1, 2)).iter().zip(panels) {
        panel(half, name, curves).map_err(failed)?;
    }
    legend(&beneath, panels[0].1).map_err(failed)?;
    area.present().map_err(|error| failed(error.to_string()))
}

/// One group of curves; the sizes stand at equal distances, because most of them are small.
fn panel(area: &Area<'_>, name: &str, curves: &[Curve]) -> Result<(), String> {
    let sizes: BTreeSet<u64> = curves.iter().flat_map(|curve| &curve.found).map(|(size, _)| *size).collect();
    let sizes: Vec<u64> = sizes.into_iter().collect();
    let place = |size: u64| sizes.partition_point(|smaller| *smaller < size) as f64;
    let label = |at: &f64| sizes.get(at.round() as usize).map(|size| (*size as f64 / 10.0).to_string());
    let last = sizes.len().saturating_sub(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("Changes reported, {name}"), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(48)
        .build_cartesian_2d(-0.2..last + 0.2, -3f64..103.0)
        .map_err(text)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .x_labels(sizes.len())
        .x_label_formatter(&|at| label(at).unwrap_or_default())
        .y_label_formatter(&|share| format!("{share:.0}"))
        .x_desc("true change in % (at 0: false alarms)")
        .y_desc("reported in %")
        .draw()
        .map_err(text)?;
    for (curve, colour) in curves.iter().zip(COLOURS) {
        let points = || curve.found.iter().map(|(size, share)| (place(*size), share.value() * 100.0));
        chart.draw_series(LineSeries::new(points(), colour.stroke_width(width(curve)))).map_err(text)?;
        chart.draw_series(points().map(|at| Circle::new(at, 3, colour.filled()))).map_err(text)?;
    }
    Ok(())
}

/// The names of the curves, side by side.
fn legend(area: &Area<'_>, curves: &[Curve]) -> Result<(), String> {
    const COLUMNS: i32 = 4;
    let column = SIZE.0 as i32 / COLUMNS;
    for (index, (curve, colour)) in (0..).zip(curves.iter().zip(COLOURS)) {
        let (x, y) = (60 + index % COLUMNS * (column - 20), 12 + index / COLUMNS * 24);
        area.draw(&PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(width(curve))))
            .map_err(text)?;
        area.draw(&Circle::new((x + 12, y), 3, colour.filled())).map_err(text)?;
        area.draw(&Text::new(curve.name, (x + 32, y - 7), ("sans-serif", 14))).map_err(text)?;
    }
    Ok(())
}

fn width(curve: &Curve) -> u32 {
    if curve.name == crate::peers::OURS { 3 } else { 1 }
}

fn text(error: DrawingAreaErrorKind<std::io::Error>) -> String {
    error.to_string()
}
