//! Plans: they mend what is tunable, leave the rest alone, and come in an order that the kernel takes.

use proptest::prelude::*;

use super::*;
use crate::analysis::conditions::{self, machines};
use crate::model::check::Status;

/// Facts after a plan was carried out by a kernel that takes everything.
fn carried_out(facts: &Facts, tuning: &Tuning) -> Facts {
    let mut facts = facts.clone();
    for change in &tuning.changes {
        let text = match change.item {
            Item::Thp => "always [madvise] never\n".to_owned(),
            _ => format!("{}\n", change.write),
        };
        machines::put(&mut facts, &change.path, &text);
        if let Some(core) = change.path.strip_suffix("/online").and_then(|path| path.rsplit("cpu").next()) {
            let rest = facts.online().without(&Cores::parse(core).unwrap());
            machines::put(&mut facts, "sys/devices/system/cpu/online", &rest.to_string());
        }
    }
    facts
}

fn spoilt_by(indices: &[bool]) -> Facts {
    let mut facts = machines::calm();
    let chosen = machines::spoilt().into_iter().zip(indices).filter(|(_, chosen)| **chosen);
    chosen.for_each(|(spoilt, _)| (spoilt.spoil)(&mut facts));
    facts
}

fn paths(facts: &Facts, permission: Permission) -> Vec<String> {
    let changes = plan(facts, permission).changes;
    changes
        .into_iter()
        .map(|change| format!("{}={}", change.path.rsplit('/').next().unwrap(), change.write))
        .collect()
}

#[test]
fn a_calm_machine_is_left_as_it_is() {
    assert_eq!(plan(&machines::calm(), Permission { siblings: true }), Tuning::default());
}

#[test]
fn clocks_are_set_in_the_order_that_drivers_take_them() {
    let mut facts = machines::calm();
    for (name, text) in [("scaling_governor", "powersave"), ("energy_performance_preference", "power")] {
        machines::put(&mut facts, &format!("sys/devices/system/cpu/cpufreq/policy3/{name}"), text);
    }
    machines::put(&mut facts, "sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    let expected =
        ["energy_performance_preference=performance", "scaling_governor=performance", "no_turbo=1"];
    assert_eq!(paths(&facts, Permission::default()), expected);
}

#[test]
fn interrupts_go_to_the_cores_that_are_left_and_siblings_only_on_request() {
    let mut facts = machines::calm();
    let sibling = machines::spoilt().into_iter().find(|spoilt| spoilt.item == Item::Smt).unwrap();
    (sibling.spoil)(&mut facts);
    machines::put(&mut facts, "proc/irq/24/smp_affinity_list", "3\n");
    machines::put(&mut facts, "proc/irq/25/smp_affinity_list", "2-3,7\n");
    machines::put(&mut facts, "proc/irq/26/smp_affinity_list", "7\n");
    machines::put(&mut facts, "proc/irq/default_smp_affinity", "8f\n");
    let usual = ["default_smp_affinity=00000087", "smp_affinity_list=0-2,7", "smp_affinity_list=2,7"];
    assert_eq!(paths(&facts, Permission::default()), usual);
    let with_siblings = [
        "default_smp_affinity=00000007",
        "smp_affinity_list=0-2",
        "smp_affinity_list=2",
        "smp_affinity_list=0-2",
        "online=0",
    ];
    assert_eq!(paths(&facts, Permission { siblings: true }), with_siblings);
}

#[test]
fn the_last_other_core_is_never_taken_away() {
    let mut facts = machines::calm();
    machines::put(&mut facts, "sys/devices/system/cpu/online", "3,7\n");
    machines::put(&mut facts, "sys/devices/system/cpu/cpu3/topology/thread_siblings_list", "3,7\n");
    machines::put(&mut facts, "sys/devices/system/cpu/cpu7/online", "1\n");
    let items = |facts: &Facts| {
        plan(facts, Permission { siblings: true }).changes.into_iter().map(|c| c.item).collect::<Vec<_>>()
    };
    assert!(!items(&facts).contains(&Item::Smt));
    machines::put(&mut facts, "sys/devices/system/cpu/online", "3\n");
    machines::put(&mut facts, "proc/sys/kernel/sched_rt_runtime_us", "950000\n");
    machines::put(&mut facts, "proc/irq/24/smp_affinity_list", "3\n");
    assert_eq!(items(&facts), []);
    assert_eq!(plan(&facts, Permission::default()).left.len(), 2);
}

proptest! {
    #[test]
    fn whatever_is_tunable_is_well_afterwards_and_nothing_is_left_to_change(
        chosen in proptest::collection::vec(any::<bool>(), machines::spoilt().len()),
        root in any::<bool>(),
    ) {
        let mut facts = spoilt_by(&chosen);
        facts.process.root = root;
        let tuning = plan(&facts, Permission::default());
        let after = carried_out(&facts, &tuning);
        prop_assert_eq!(plan(&after, Permission::default()).changes, vec![]);
        let tunable: Vec<Item> =
            conditions::check(&facts).into_iter().filter(|check| check.tunable).map(|check| check.item).collect();
        let real = tuning.changes.iter().filter(|change| !change.holds());
        let planned: Vec<Item> = real.map(|change| change.item).collect();
        for item in &planned {
            prop_assert!(tunable.contains(item), "{} is changed although it is well", item);
        }
        for check in conditions::check(&after).iter().filter(|check| tunable.contains(&check.item)) {
            // Interrupts that arrived before are still seen in the interval.
            prop_assert!(check.status == Status::Ok || check.item == Item::IrqAffinity, "{:?}", check);
        }
    }
}
