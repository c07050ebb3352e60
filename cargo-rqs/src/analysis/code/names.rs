//! What symbols are called by people, and by which names Criterion's own functions are known.

/// A symbol for people, without the hash that tells builds apart.
pub fn demangle(symbol: &str) -> String {
    // Copies of one function that the compiler specialised or split off.
    let plain = symbol.split(".llvm.").next().unwrap_or(symbol);
    format!("{:#}", rustc_demangle::demangle(plain))
}

/// The methods of Criterion's private trait `Routine`.
const ROUTINE: [&str; 5] = ["bench", "warm_up", "test", "profile", "sample"];

/// Whether a symbol is a method of Criterion's `Routine`: of its only implementation, or provided by the trait.
pub fn is_routine(symbol: &str) -> bool {
    let name = demangle(symbol);
    let Some((of, method)) = name.rsplit_once("::") else { return false };
    // The older mangling does not say whose copy of a provided method it is.
    let is_routine = of == "criterion::routine::Routine"
        || (of.starts_with("<criterion::routine::Function<")
            && of.ends_with('>')
            && of.contains("> as criterion::routine::Routine<"));
    is_routine && ROUTINE.contains(&method)
}

/// The functions of Criterion that take a benchmark's closure and have it run if it is selected.
const REGISTERING: [&str; 3] = ["bench_function", "bench_with_input", "run_bench"];

/// Whether a symbol is a function of Criterion to which users hand what is to be measured.
pub fn registers(symbol: &str) -> bool {
    let name = demangle(symbol);
    // The newer mangling says for which types.
    let plain = match name.strip_prefix('<') {
        Some(of) => of,
        None => &name,
    };
    let Some(of) = ["criterion::benchmark_group::BenchmarkGroup<", "criterion::Criterion<"]
        .iter()
        .find_map(|of| plain.strip_prefix(of))
    else {
        return false;
    };
    let Some((_, method)) = of.split_once(if name.starts_with('<') { ">>::" } else { ">::" }) else {
        return false;
    };
    let method = method.split("::<").next().unwrap_or(method);
    REGISTERING.contains(&method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_criterions_routine_are_known_in_both_manglings() {
        for symbol in [
            "_ZN106_$LT$criterion..routine..Function$LT$M$C$F$C$T$GT$$u20$as$u20$criterion..routine..Routine$LT$M$C$T$GT$$GT$5bench17h005f9b30063f7fd2E",
            "_ZN106_$LT$criterion..routine..Function$LT$M$C$F$C$T$GT$$u20$as$u20$criterion..routine..Routine$LT$M$C$T$GT$$GT$7warm_up17h0708c26039d0b6f5E.llvm.1234",
            "_ZN9criterion7routine7Routine6sample17h309be62a27c09fb9E",
            "_ZN9criterion7routine7Routine7profile17h1eb9f1ff09b9f845E",
        ] {
            assert!(is_routine(symbol), "{}", demangle(symbol));
        }
    }

    #[test]
    fn what_takes_a_benchmark_is_known_in_both_manglings() {
        for symbol in [
            "_ZN9criterion15benchmark_group23BenchmarkGroup$LT$M$GT$16bench_with_input17h459f1d029e12f7feE",
            "_ZN9criterion18Criterion$LT$M$GT$14bench_function17h459f1d029e12f7feE",
            "_RINvMs_NtCs1_9criterion15benchmark_groupINtB5_14BenchmarkGroupNtNtB7_11measurement8WallTimeE9run_benchuE",
        ] {
            assert!(registers(symbol), "{}", demangle(symbol));
        }
        for symbol in [
            "_ZN9criterion15benchmark_group23BenchmarkGroup$LT$M$GT$6finish17h459f1d029e12f7feE",
            "_ZN9criterion15benchmark_group23BenchmarkGroup$LT$M$GT$9run_bench28_$u7b$$u7b$closure$u7d$$u7d$17h459f1d029e12f7feE",
            "_ZN2my18Criterion$LT$M$GT$14bench_function17h459f1d029e12f7feE",
        ] {
            assert!(!registers(symbol), "{}", demangle(symbol));
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for symbol in [
            "main",
            "",
            "_ZN9criterion7routine7Routine6sample28_$u7b$$u7b$closure$u7d$$u7d$17h309be62a27c09fb9E",
            "_ZN9criterion8analysis6common17h5e324c9e8d24bd11E",
            "_ZN2my7routine7Routine6sample17h309be62a27c09fb9E",
            "_ZN9criterion7bencher16Bencher$LT$M$GT$4iter17hf8998179ee13e44cE",
        ] {
            assert!(!is_routine(symbol), "{}", demangle(symbol));
        }
    }

    #[test]
    fn names_lose_hashes_and_marks_of_the_compiler() {
        assert_eq!(demangle("_ZN4core3fmt5write17h0123456789abcdefE.llvm.123"), "core::fmt::write");
        assert_eq!(demangle("memcpy"), "memcpy");
    }
}
