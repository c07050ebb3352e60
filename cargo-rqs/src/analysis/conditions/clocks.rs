//! Clocks and idle states: governor, frequency range, boost, energy preference, driver, C-states.

use super::{of_file, refused};
use crate::analysis::tuning;
use crate::model::check::{Check, Status};
use crate::model::facts::{Facts, Known};
use crate::model::item::Item;

const NO_POLICY: &str = "no frequency policy; the firmware or the hypervisor decides about the clock";
const IDLE_DRIVER: &str = "sys/devices/system/cpu/cpuidle/current_driver";

/// The distinct texts of one file in all policies of the benchmark cores, or why there is none.
fn of_policies(facts: &Facts, item: Item, name: &str, absent: &str) -> Result<Vec<String>, Box<Check>> {
    let policies = tuning::policies(facts);
    if policies.is_empty() {
        return Err(Box::new(Check::not_there(item, NO_POLICY)));
    }
    let mut texts = Vec::new();
    for policy in policies {
        let path = format!("{policy}{name}");
        match facts.known(&path) {
            Known::Text(text) => texts.push(text),
            Known::Absent => {}
            Known::Refused(why) => return Err(Box::new(refused(item, &path, &why))),
        }
    }
    texts.sort();
    texts.dedup();
    if texts.is_empty() { Err(Box::new(Check::not_there(item, absent))) } else { Ok(texts) }
}

pub(super) fn governor(facts: &Facts) -> Check {
    let item = Item::Governor;
    match of_policies(facts, item, "scaling_governor", NO_POLICY) {
        Err(check) => *check,
        Ok(governors) if governors == ["performance"] => Check::ok(item, "performance"),
        Ok(governors) => Check::new(item, Status::Blocker, governors.join(", "))
            .mended_by(super::as_root(facts, "cpupower frequency-set --governor performance")),
    }
}

pub(super) fn frequency_range(facts: &Facts) -> Check {
    let item = Item::FrequencyRange;
    let ranges = |name| of_policies(facts, item, name, NO_POLICY);
    let (lowest, highest) = match (ranges("scaling_min_freq"), ranges("scaling_max_freq")) {
        (Ok(lowest), Ok(highest)) => (lowest, highest),
        (Err(check), _) | (_, Err(check)) => return *check,
    };
    let mhz = |texts: &[String]| {
        let numbers = texts.iter().map(|text| text.parse::<u64>().map(|khz| (khz / 1000).to_string()));
        numbers.map(|mhz| mhz.unwrap_or_else(|_| "?".into())).collect::<Vec<_>>().join(" or ")
    };
    let value = if lowest == highest {
        format!("{} MHz", mhz(&lowest))
    } else {
        format!("{} to {} MHz", mhz(&lowest), mhz(&highest))
    };
    let governors = ranges("scaling_governor").unwrap_or_default();
    if lowest == highest || governors == ["performance"] {
        return Check::ok(item, value);
    }
    Check::new(item, Status::Note, value)
        .mended_by(super::as_root(facts, "cpupower frequency-set --governor performance"))
}

pub(super) fn boost(facts: &Facts) -> Check {
    let item = Item::Boost;
    let switches = tuning::boost_switches(facts);
    if switches.is_empty() {
        return match facts.process.boost_register {
            None => Check::not_there(item, "no switch for boost; the firmware or the hypervisor decides"),
            Some(false) => Check::ok(item, "off (by its register)"),
            Some(true) => Check::new(item, Status::Note, "on (by its register)")
                .mended_by("switch it off in the firmware, or set bit 38 of register 0x1a0 with `wrmsr`"),
        };
    }
    let mut on = false;
    for (path, off) in switches {
        match facts.known(&path) {
            Known::Text(text) => on |= text != off,
            Known::Absent => {}
            Known::Refused(why) => return refused(item, &path, &why),
        }
    }
    if on { Check::new(item, Status::Note, "on") } else { Check::ok(item, "off") }
}

pub(super) fn energy_preference(facts: &Facts) -> Check {
    let item = Item::EnergyPreference;
    let absent = "the driver has no energy preference";
    match of_policies(facts, item, "energy_performance_preference", absent) {
        Err(check) => *check,
        Ok(preferences) if preferences == ["performance"] || preferences == ["0"] => {
            Check::ok(item, preferences.join(", "))
        }
        Ok(preferences) => Check::new(item, Status::Note, preferences.join(", "))
            .mended_by(super::as_root(facts, "cpupower set --epp performance")),
    }
}

pub(super) fn pstate_mode(facts: &Facts) -> Check {
    let item = Item::PstateMode;
    let drivers = match of_policies(facts, item, "scaling_driver", "the driver is not named") {
        Err(check) => return *check,
        Ok(drivers) => drivers.join(", "),
    };
    let modes = ["intel_pstate", "amd_pstate"].into_iter().filter_map(|name| {
        facts.text(&format!("sys/devices/system/cpu/{name}/status")).filter(|mode| mode != "disable")
    });
    let modes: Vec<String> = modes.filter(|mode| mode != "off").collect();
    let value = match modes.is_empty() {
        true => drivers,
        false => format!("{drivers}, {}", modes.join(", ")),
    };
    Check::ok(item, value)
}

pub(super) fn c_states(facts: &Facts) -> Check {
    let item = Item::CStates;
    let absent = "the kernel offers no idle states; the hypervisor or the firmware decides";
    let mut open = Vec::new();
    for path in tuning::slow_idle_states(facts) {
        match facts.known(&path) {
            Known::Text(text) if text == "0" => {
                let folder = path.trim_end_matches("disable");
                let name = facts.text(&format!("{folder}name")).unwrap_or_else(|| "unnamed".into());
                let latency = facts.text(&format!("{folder}latency")).unwrap_or_default();
                open.push(format!("{name} ({latency} µs)"));
            }
            Known::Refused(why) => return refused(item, &path, &why),
            _ => {}
        }
    }
    open.sort();
    open.dedup();
    if open.is_empty() {
        return of_file(facts, item, IDLE_DRIVER, absent, |driver| {
            Check::ok(item, format!("none that is slow ({driver})"))
        });
    }
    Check::new(item, Status::Note, open.join(", ")).mended_by(super::as_root(
        facts,
        &format!("cpupower idle-set --disable-by-latency {}", tuning::SLOWEST_WAKE_UP_US),
    ))
}
