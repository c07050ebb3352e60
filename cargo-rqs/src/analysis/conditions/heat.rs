//! Heat and power: throttling, temperature, the mains.

use super::{of_file, refused};
use crate::model::check::{Check, Status};
use crate::model::cores::Cores;
use crate::model::facts::{self, Facts, Files, Known};
use crate::model::item::Item;

/// Degrees below the critical temperature from which it is noted.
const NEAR_DEGREES: i64 = 15;
/// What counts as hot where no critical temperature is told.
const HOT_DEGREES: i64 = 85;

pub(super) fn throttling(facts: &Facts) -> Check {
    let item = Item::ThermalThrottling;
    let cores = facts.measured_cores();
    let Some(since) = throttled(&facts.files, &cores) else {
        return Check::not_there(item, "the kernel counts no throttling");
    };
    let now = since.saturating_sub(throttled(&facts.earlier, &cores).unwrap_or(since));
    let (status, value) = match (now, since) {
        (0, 0) => (Status::Ok, "never since boot".to_owned()),
        (0, since) => (Status::Note, format!("{since} times since boot, not now")),
        (now, since) => (Status::Blocker, format!("{now} times now, {since} since boot")),
    };
    Check::new(item, status, value).mended_by("cool the machine, or lower its highest frequency")
}

fn throttled(files: &Files, cores: &Cores) -> Option<u64> {
    let folder = "sys/devices/system/cpu/cpu";
    let counts = facts::below(files, folder).filter_map(|(path, text)| {
        let (core, counter) = path.split_once("/thermal_throttle/")?;
        let counts = counter.ends_with("_throttle_count") && cores.contains(core.parse().ok()?);
        counts.then(|| text.parse::<u64>().ok()).flatten()
    });
    counts.reduce(|sum, count| sum + count)
}

/// A sensor: its name, millidegrees, and the critical millidegrees.
type Sensor = (String, i64, Option<i64>);

pub(super) fn temperature(facts: &Facts) -> Check {
    let item = Item::Temperature;
    let hottest =
        sensors(facts).max_by_key(|(_, now, critical)| now - critical.unwrap_or(HOT_DEGREES * 1000));
    let Some((name, now, critical)) = hottest else {
        return Check::not_there(item, "no sensor of the processor");
    };
    let (degrees, critical) = (now / 1000, critical.map(|critical| critical / 1000));
    let value = match critical {
        Some(critical) => format!("{degrees} °C ({name}), critical {critical} °C"),
        None => format!("{degrees} °C ({name})"),
    };
    let status = match critical {
        Some(critical) if degrees >= critical => Status::Blocker,
        Some(critical) if degrees >= critical - NEAR_DEGREES => Status::Note,
        None if degrees >= HOT_DEGREES => Status::Note,
        _ => Status::Ok,
    };
    Check::new(item, status, value).mended_by("let the machine cool down before measuring")
}

/// Sensors of the processor, of both kinds that the kernel has.
fn sensors(facts: &Facts) -> impl Iterator<Item = Sensor> {
    const ZONES: &str = "sys/class/thermal/";
    const CHIPS: &str = "sys/class/hwmon/";
    let zones = facts.below(ZONES).filter_map(|(path, text)| {
        let zone = path.strip_suffix("/temp")?;
        let kind = facts.text(&format!("{ZONES}{zone}/type"))?;
        let of_processor = ["x86_pkg_temp", "cpu", "soc", "coretemp", "acpitz"];
        let critical = facts.below(&format!("{ZONES}{zone}/")).find_map(|(rest, kind)| {
            let point = rest.strip_suffix("_type").filter(|_| kind == "critical")?;
            facts.number(&format!("{ZONES}{zone}/{point}_temp"))
        });
        let known = of_processor.iter().any(|name| kind.to_lowercase().contains(name));
        known.then_some((kind, text.parse().ok()?, critical))
    });
    let chips = facts.below(CHIPS).filter_map(|(path, text)| {
        let input = path.strip_suffix("_input")?;
        let (chip, _) = input.split_once('/')?;
        let name = facts.text(&format!("{CHIPS}{chip}/name"))?;
        let known = ["coretemp", "k10temp", "zenpower", "cpu_thermal"].contains(&name.as_str());
        let critical = facts.number(&format!("{CHIPS}{input}_crit"));
        known.then_some((name, text.parse().ok()?, critical))
    });
    zones.chain(chips)
}

pub(super) fn mains_power(facts: &Facts) -> Check {
    let item = Item::MainsPower;
    const SUPPLIES: &str = "sys/class/power_supply/";
    let mains: Vec<&str> = facts
        .below(SUPPLIES)
        .filter_map(|(path, kind)| path.strip_suffix("/type").filter(|_| kind == "Mains"))
        .collect();
    let plugged = |supply: &&str| {
        let path = format!("{SUPPLIES}{supply}/online");
        match facts.known(&path) {
            Known::Refused(why) => Some(refused(item, &path, &why)),
            Known::Text(text) if text == "1" => Some(Check::ok(item, "plugged in")),
            _ => None,
        }
    };
    if let Some(check) = mains.iter().find_map(plugged) {
        return check;
    }
    match mains.first() {
        None => Check::not_there(item, "no power supply reports to the kernel"),
        Some(first) => of_file(facts, item, &format!("{SUPPLIES}{first}/online"), "it does not tell", |_| {
            Check::new(item, Status::Blocker, "on battery").mended_by("plug it in")
        }),
    }
}
