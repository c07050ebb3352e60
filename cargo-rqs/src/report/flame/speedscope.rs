//! Both sides in one file for <https://www.speedscope.app>, which opens it without uploading it.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::analysis::flame::{Profiled, Unit};
use crate::model::Role;
use crate::report::escape::visible;

/// The whole file.
pub(super) fn render(profile: &Profiled) -> String {
    let mut frames: Vec<String> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut profiles: Vec<Value> = Vec::new();
    let unit = if profile.table.scale.unit == Unit::Nanoseconds { "nanoseconds" } else { "none" };
    for (role, stacks) in profile.stacks.iter() {
        let mut samples: Vec<Vec<usize>> = Vec::new();
        let mut weights: Vec<f64> = Vec::new();
        for stack in stacks {
            let indices = stack.frames.iter().map(|frame| {
                *known.entry(frame).or_insert_with(|| {
                    frames.push(visible(frame));
                    frames.len() - 1
                })
            });
            samples.push(indices.collect());
            weights.push(weight(profile, role, stack.weight));
        }
        let end: f64 = weights.iter().sum();
        profiles.push(json!({
            "type": "sampled",
            "name": role.to_string(),
            "unit": unit,
            "startValue": 0,
            "endValue": end,
            "samples": samples,
            "weights": weights,
        }));
    }
    let frames: Vec<Value> = frames.into_iter().map(|name| json!({ "name": name })).collect();
    let file = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": concat!("cargo-rqs ", env!("CARGO_PKG_VERSION")),
        "name": visible(&format!("{}::{}", profile.suite, profile.key)),
        "activeProfileIndex": 1,
        "shared": { "frames": frames },
        "profiles": profiles,
    });
    format!("{file}\n")
}

/// Time or instructions of an iteration where they are known, else the weight as it was counted.
fn weight(profile: &Profiled, role: Role, weight: u64) -> f64 {
    if profile.table.scale.unit == Unit::Share {
        return weight as f64;
    }
    let whole = (*profile.table.weight.get(role)).max(1) as f64;
    weight as f64 / whole * profile.table.scale.whole.get(role)
}
