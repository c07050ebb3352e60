//! Cuts stacks at Criterion's measuring function, so that its own frames do not drown the benchmark.

use super::{Stacks, Tally, WeightedStack};

/// Stands for what the measuring function does itself: its loop, and routines that were optimised away.
pub(super) const LOOP: &str = "[measuring loop]";

/// Whether this is `criterion::bencher::Bencher<..>::iter*`, its sibling for asynchronous benchmarks, or something of
/// them that got a name of its own. Forks of Criterion keep its name in theirs.
pub(super) fn is_measuring(name: &str) -> bool {
    let mut parts = name.trim_start_matches('<').split("::");
    let of_criterion = parts.next().is_some_and(|name| name.contains("criterion"));
    of_criterion
        && parts.next() == Some("bencher")
        && parts.next().is_some_and(|name| name.contains("Bencher"))
}

/// What of these stacks lies within the measuring function, without the frames above it. The rest is counted only.
pub(super) fn rooted(stacks: impl IntoIterator<Item = WeightedStack>) -> Stacks {
    let (mut inside, mut rooted) = (Tally::default(), Stacks::default());
    for WeightedStack { mut frames, weight } in stacks {
        let Some(innermost) = frames.iter().rposition(|name| is_measuring(name)) else {
            rooted.outside += weight;
            continue;
        };
        let function = frames[innermost].trim_start_matches('<');
        rooted.with_set_up |= function.contains("::iter_batched") || function.contains("::iter_with_setup");
        frames.drain(..=innermost);
        if frames.is_empty() {
            frames.push(LOOP.into());
        }
        inside.add(frames, weight);
    }
    rooted.stacks = inside.into_stacks();
    rooted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stack(frames: &[&str], weight: u64) -> WeightedStack {
        WeightedStack { frames: frames.iter().map(|&frame| frame.to_owned()).collect(), weight }
    }

    #[test]
    fn measuring_functions_are_known_in_every_mangling() {
        for name in [
            "criterion::bencher::Bencher<M>::iter",
            "<criterion::bencher::Bencher>::iter::<u32, bench::run::{closure#0}>",
            "criterion::bencher::AsyncBencher<A,M>::iter_custom::{{closure}}",
            "codspeed_criterion_compat_walltime::bencher::Bencher<M>::iter_batched",
        ] {
            assert!(is_measuring(name), "{name}");
        }
        for name in [
            "criterion::routine::Function<M,F,T>::bench",
            "<bench::run::{closure#0} as core::ops::FnMut<(&mut criterion::bencher::Bencher,)>>::call_mut",
            "bench::bencher::Bencher::iter",
            "main",
        ] {
            assert!(!is_measuring(name), "{name}");
        }
    }

    #[test]
    fn stacks_begin_below_the_innermost_measuring_function() {
        let (outer, inner) =
            ("criterion::bencher::Bencher<M>::iter", "criterion::bencher::Bencher<M>::iter_batched");
        let rooted = rooted([
            stack(&["main", outer, "a", "b"], 3),
            stack(&["main", "other", outer, inner, "a", "b"], 4),
            stack(&["main", outer], 5),
            stack(&["main", "criterion::analysis"], 6),
        ]);
        assert_eq!(rooted.stacks, [stack(&[LOOP], 5), stack(&["a", "b"], 7)]);
        assert_eq!((rooted.outside, rooted.with_set_up), (6, true));
    }

    proptest! {
        #[test]
        fn no_weight_is_lost(stacks in proptest::collection::vec((proptest::collection::vec(0usize..4, 0..6), 1u64..9), 0..20)) {
            let names = ["main", "criterion::bencher::Bencher<M>::iter", "a", "b"];
            let stacks: Vec<_> = stacks.into_iter().map(|(frames, weight)| {
                stack(&frames.into_iter().map(|frame| names[frame]).collect::<Vec<_>>(), weight)
            }).collect();
            let all: u64 = stacks.iter().map(|stack| stack.weight).sum();
            let rooted = rooted(stacks);
            prop_assert_eq!(rooted.weight() + rooted.outside, all);
            prop_assert!(rooted.stacks.iter().all(|stack| !stack.frames.is_empty() && !stack.frames.iter().any(|f| is_measuring(f))));
        }
    }
}
