//! Flamegraphs as pictures that can be zoomed and searched in a browser.

use std::collections::BTreeMap;

use inferno::flamegraph::color::{BackgroundColor, MultiPalette};
use inferno::flamegraph::{self, Options, Palette, TextTruncateDirection};

use super::{amount, counted, folded, joined, signed};
use crate::analysis::flame::{Profiled, Unit};
use crate::model::{ByRole, Role};
use crate::report::escape::visible;

/// Width of a picture in pixels; a browser scales it to its window.
const WIDTH: usize = 1200;
/// Weights of a differential picture for one whole side.
const RESOLUTION: f64 = 1e6;

/// One side.
pub(super) fn side(profile: &Profiled, role: Role) -> Result<Vec<u8>, String> {
    let whole = amount(*profile.table.scale.whole.get(role), profile.table.scale.unit);
    let about = match profile.table.scale.unit {
        Unit::Nanoseconds => format!("{role}, {whole} for one iteration"),
        Unit::Instructions => format!("{role}, {whole} instructions for one iteration"),
        Unit::Share => role.to_string(),
    };
    let mut options = options(profile, about);
    options.colors = Palette::Multi(MultiPalette::Rust);
    options.count_name = counted(profile.engine).into();
    draw(&mut options, &folded(profile.stacks.get(role)))
}

/// Both sides in one: as wide as on the side of `widths`, red where the candidate takes more, blue where it takes less.
pub(super) fn difference(profile: &Profiled, widths: Role) -> Result<Vec<u8>, String> {
    let scale = &profile.table.scale;
    let change = signed(profile.table.whole_change(), scale.unit);
    let change = match scale.unit {
        Unit::Nanoseconds => format!("{change} for one iteration; "),
        Unit::Instructions => format!("{change} instructions for one iteration; "),
        Unit::Share => String::new(),
    };
    let about = format!("{change}red takes more than on the baseline, blue less; as wide as on the {widths}");
    let mut options = options(profile, about);
    options.negate_differentials = widths == Role::Baseline;
    let (unit, per_unit) = drawn_unit(scale.unit, &scale.whole);
    options.count_name = unit.into();
    let mut weights: BTreeMap<String, ByRole<u64>> = BTreeMap::new();
    for (role, stacks) in profile.stacks.iter() {
        for stack in stacks {
            let share = stack.weight as f64 / (*profile.table.weight.get(role)).max(1) as f64;
            let drawn = (share * scale.whole.get(role) * per_unit).round() as u64;
            *weights.entry(joined(&stack.frames)).or_default().get_mut(role) += drawn;
        }
    }
    let line = |(frames, weight): (&String, &ByRole<u64>)| {
        let (from, to) = (weight.get(widths.other()), weight.get(widths));
        format!("{frames} {from} {to}\n")
    };
    draw(&mut options, &weights.iter().map(line).collect::<String>())
}

/// A unit so small that whole numbers of it are precise, and how many of it there are in one of the table's.
fn drawn_unit(unit: Unit, whole: &ByRole<f64>) -> (&'static str, f64) {
    let most = whole.baseline.max(whole.candidate);
    match unit {
        Unit::Nanoseconds if most < RESOLUTION => ("ps", 1e3),
        Unit::Nanoseconds => ("ns", 1.0),
        Unit::Instructions if most < RESOLUTION => ("thousandths of an instruction", 1e3),
        Unit::Instructions => ("instructions", 1.0),
        Unit::Share => ("millionths", RESOLUTION),
    }
}

fn options(profile: &Profiled, about: String) -> Options<'static> {
    let mut options = Options::default();
    options.title = visible(&format!("{}::{}", profile.suite, profile.key));
    options.subtitle = Some(about);
    options.bgcolors = Some(BackgroundColor::Grey);
    options.image_width = Some(WIDTH);
    options.text_truncate_direction = TextTruncateDirection::Right;
    // The same picture for the same stacks.
    options.deterministic = true;
    options.hash = true;
    options
}

fn draw(options: &mut Options<'_>, lines: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    flamegraph::from_lines(options, lines.lines(), &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
