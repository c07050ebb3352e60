//! What the kernel says about the processor, in the words of x86, ARM, RISC-V, POWER and s390.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::fact;

/// Instruction sets of x86, ARM and RISC-V by which libraries choose their code at run time.
const DISPATCHED: [&str; 46] = [
    "adx",
    "aes",
    "amx_tile",
    "asimd",
    "asimddp",
    "atomics",
    "avx",
    "avx2",
    "avx512_vnni",
    "avx512bw",
    "avx512f",
    "avx512vl",
    "avx_vnni",
    "bmi1",
    "bmi2",
    "crc32",
    "erms",
    "f16c",
    "fma",
    "fsrm",
    "gfni",
    "lzcnt",
    "abm",
    "movbe",
    "neon",
    "pclmulqdq",
    "pmull",
    "popcnt",
    "rdrand",
    "sha1",
    "sha2",
    "sha3",
    "sha_ni",
    "sse4_1",
    "sse4_2",
    "ssse3",
    "sve",
    "sve2",
    "v",
    "vaes",
    "vpclmulqdq",
    "zba",
    "zbb",
    "zbc",
    "zbs",
    "zvbb",
];

/// The facts in `/proc/cpuinfo`. Several values where cores of several kinds are in one machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Processors {
    models: BTreeSet<String>,
    steppings: BTreeSet<String>,
    /// Revisions of the processor's microcode.
    pub(super) microcode: BTreeSet<String>,
    /// Instruction sets that libraries choose their code by, of those that any core has.
    pub(super) features: BTreeSet<String>,
    /// Present clock of each core, in MHz. It changes all the time.
    pub(super) clocks_mhz: Vec<f64>,
    /// Whether the x86 flag `hypervisor` is set.
    pub(super) hypervisor_flag: bool,
    /// Whether flags are given in the x86 way, so that a missing `hypervisor` flag means something.
    pub(super) has_x86_flags: bool,
}

impl Processors {
    /// Names of all kinds of cores.
    pub(super) fn model(&self) -> String {
        joined(&self.models).unwrap_or_else(|| format!("unnamed {} processor", std::env::consts::ARCH))
    }

    /// Numbers of all kinds of cores, empty where the kernel gives none.
    pub(super) fn stepping(&self) -> String {
        joined(&self.steppings).unwrap_or_default()
    }
}

fn joined(kinds: &BTreeSet<String>) -> Option<String> {
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    (!kinds.is_empty()).then(|| kinds.join(" + "))
}

/// Reads the text of `/proc/cpuinfo`; what is not understood is passed over.
pub(super) fn parse(cpuinfo: &str) -> Processors {
    let mut processors = Processors::default();
    let mut block = BTreeMap::new();
    for line in cpuinfo.lines().chain([""]) {
        match line.split_once(':') {
            Some((key, value)) => {
                block.insert(key.trim(), value.trim());
            }
            None => processors.add(&std::mem::take(&mut block)),
        }
    }
    processors
}

impl Processors {
    /// One block of `key : value` lines. Blocks that tell of the board (with its serial number) are no processors.
    fn add(&mut self, block: &BTreeMap<&str, &str>) {
        let get = |key: &str| block.get(key).copied().filter(|value| !value.is_empty());
        // s390 gives one block for all processors, which starts with its vendor.
        if get("processor").is_none() && get("vendor_id").is_none() {
            return;
        }
        self.models.extend(model(&get));
        self.steppings.extend(stepping(&get));
        self.microcode.extend(get("microcode").map(str::to_owned));
        let clock = get("cpu MHz").and_then(|mhz| mhz.parse::<f64>().ok());
        self.clocks_mhz.extend(clock.filter(|mhz| mhz.is_finite()));
        // RISC-V joins its extensions by underscores, which are parts of names elsewhere.
        let words = match get("flags").or_else(|| get("Features")) {
            Some(flags) => flags.split_ascii_whitespace().collect::<Vec<_>>(),
            None => get("isa").unwrap_or_default().split('_').collect(),
        };
        let dispatched = words.into_iter().filter(|word| DISPATCHED.contains(word));
        self.features.extend(dispatched.map(str::to_owned));
        if let Some(flags) = get("flags") {
            self.has_x86_flags = true;
            self.hypervisor_flag |= flags.split_ascii_whitespace().any(|flag| flag == "hypervisor");
        }
    }
}

fn model<'a>(get: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let named = ["model name", "cpu model", "cpu", "uarch"].into_iter().find_map(get);
    if let Some(name) = named {
        return Some(name.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if let (Some(implementer), Some(part)) = (get("CPU implementer"), get("CPU part")) {
        return Some(format!("ARM implementer {implementer} part {part}"));
    }
    get("isa").or_else(|| get("vendor_id")).map(str::to_owned)
}

fn stepping<'a>(get: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    if let (Some(family), Some(model)) = (get("cpu family"), get("model")) {
        let vendor = get("vendor_id").unwrap_or("unknown");
        return Some(format!("{vendor} {family}/{model}/{}", get("stepping").unwrap_or("unknown")));
    }
    if let (Some(implementer), Some(part)) = (get("CPU implementer"), get("CPU part")) {
        let rest =
            ["CPU architecture", "CPU variant", "CPU revision"].map(|key| get(key).unwrap_or("unknown"));
        return Some(format!("{implementer}/{part} {}/{}/{}", rest[0], rest[1], rest[2]));
    }
    if let (Some(vendor), Some(architecture)) = (get("mvendorid"), get("marchid")) {
        return Some(format!("{vendor}/{architecture}/{}", get("mimpid").unwrap_or("unknown")));
    }
    get("revision").map(str::to_owned)
}

/// Each kind of cache once, as `L1d 32K`; empty where the kernel does not list them.
pub(super) fn caches() -> Vec<String> {
    let root = "/sys/devices/system/cpu";
    let mut caches = BTreeSet::new();
    for cpu in names(root).iter().filter(|name| is_numbered(name, "cpu")) {
        let folder = format!("{root}/{cpu}/cache");
        for index in names(&folder).iter().filter(|name| is_numbered(name, "index")) {
            let read = |name: &str| fact(&format!("{folder}/{index}/{name}"));
            caches.extend(cache(read("level"), read("type"), read("size")));
        }
    }
    caches.into_iter().collect()
}

pub(super) fn names(folder: &str) -> Vec<String> {
    // A machine without this folder has nothing to list.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

pub(super) fn is_numbered(name: &str, prefix: &str) -> bool {
    let number = name.strip_prefix(prefix).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn cache(level: Option<String>, kind: Option<String>, size: Option<String>) -> Option<String> {
    let letter = match kind?.as_str() {
        "Data" => "d",
        "Instruction" => "i",
        _ => "",
    };
    Some(format!("L{}{letter} {}", level?, size?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INTEL: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\nmodel name\t: Intel(R) Xeon(R)  Platinum 8375C CPU @ 2.90GHz\nstepping\t: 6\nmicrocode\t: 0xd0003d1\ncpu MHz\t\t: 2900.036\ncache size\t: 55296 KB\nflags\t\t: fpu vme hypervisor lahf_lm\nbugs\t\t: spectre_v1\nbogomips\t: 5800.07\npower management:\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\nmodel name\t: Intel(R) Xeon(R)  Platinum 8375C CPU @ 2.90GHz\nstepping\t: 6\nmicrocode\t: 0xd0003d1\ncpu MHz\t\t: 3511.118\nflags\t\t: fpu vme hypervisor lahf_lm\nbogomips\t: 5800.07\n\n";
    const AMD: &str = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 33\nmodel name\t: AMD Ryzen 9 5950X 16-Core Processor\nstepping\t: 2\nmicrocode\t: 0xa20120a\ncpu MHz\t\t: 2200.000\nflags\t\t: fpu vme de svm\nbogomips\t: 6787.25\n";
    const ARM: &str = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd evtstrm aes\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\nprocessor\t: 1\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\nHardware\t: BCM2835\nRevision\t: c03111\nSerial\t\t: 10000000abcdef01\nModel\t\t: Raspberry Pi 4 Model B Rev 1.1\n";

    #[test]
    fn intel_processors_are_named_by_brand_and_numbers_and_their_clock_stays_out() {
        let found = parse(INTEL);
        assert_eq!(found.model(), "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz");
        assert_eq!(found.stepping(), "GenuineIntel 6/106/6");
        assert_eq!(found.clocks_mhz, [2900.036, 3511.118]);
        assert_eq!(found.microcode, BTreeSet::from(["0xd0003d1".to_owned()]));
        assert!(found.hypervisor_flag && found.has_x86_flags);
        let later = parse(&INTEL.replace("2900.036", "800.0").replace("5800.07", "5799.9"));
        assert_eq!((later.model(), later.stepping()), (found.model(), found.stepping()));
    }

    #[test]
    fn instruction_sets_that_libraries_choose_by_are_kept() {
        let features = |cpuinfo: &str| parse(cpuinfo).features.into_iter().collect::<Vec<_>>().join(" ");
        let flags = AMD.replace("fpu vme de svm", "fpu sse4_2 fsrm avx2 erms svm");
        assert_eq!(features(&flags), "avx2 erms fsrm sse4_2");
        assert_eq!(features(ARM), "aes asimd");
        assert_eq!(features("processor: 0\nisa: rv64imafdc_zba_zbb_sstc\n"), "zba zbb");
    }

    #[test]
    fn amd_processors_on_bare_metal_have_no_hypervisor_flag() {
        let found = parse(AMD);
        assert_eq!(found.model(), "AMD Ryzen 9 5950X 16-Core Processor");
        assert_eq!(found.stepping(), "AuthenticAMD 25/33/2");
        assert!(!found.hypervisor_flag && found.has_x86_flags);
    }

    #[test]
    fn arm_processors_without_a_name_are_named_by_their_part_and_the_board_stays_out() {
        let found = parse(ARM);
        assert_eq!(found.model(), "ARM implementer 0x41 part 0xd0c");
        assert_eq!(found.stepping(), "0x41/0xd0c 8/0x3/1");
        assert!(!found.has_x86_flags && found.clocks_mhz.is_empty());
    }

    #[test]
    fn cores_of_two_kinds_are_both_named_in_any_order() {
        let little = "processor: 4\nCPU implementer: 0x41\nCPU architecture: 8\nCPU variant: 0x0\nCPU part: 0xd05\nCPU revision: 0\n\n";
        let one = parse(&format!("{ARM}\n{little}"));
        assert_eq!(one, parse(&format!("{little}{ARM}")));
        assert_eq!(one.model(), "ARM implementer 0x41 part 0xd05 + ARM implementer 0x41 part 0xd0c");
    }

    #[test]
    fn other_architectures_are_named_by_what_they_have() {
        let riscv = "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\nmvendorid\t: 0x489\nmarchid\t\t: 0x8000000000000007\nmimpid\t\t: 0x4210427\n";
        assert_eq!(parse(riscv).model(), "sifive,u74-mc");
        assert_eq!(parse(riscv).stepping(), "0x489/0x8000000000000007/0x4210427");
        let power = "processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3783.000000MHz\nrevision\t: 2.3 (pvr 004e 1203)\n\ntimebase\t: 512000000\nplatform\t: PowerNV\n";
        assert_eq!(parse(power).model(), "POWER9, altivec supported");
        assert_eq!(parse(power).stepping(), "2.3 (pvr 004e 1203)");
        assert!(parse("").model().starts_with("unnamed "));
    }

    #[test]
    fn caches_are_named_by_level_type_and_size() {
        let name = |level: &str, kind: &str, size: &str| {
            cache(Some(level.to_owned()), Some(kind.to_owned()), Some(size.to_owned())).unwrap()
        };
        assert_eq!(name("1", "Data", "32K"), "L1d 32K");
        assert_eq!(name("1", "Instruction", "64K"), "L1i 64K");
        assert_eq!(name("3", "Unified", "32768K"), "L3 32768K");
        assert_eq!(cache(Some("1".to_owned()), Some("Data".to_owned()), None), None);
        assert!(is_numbered("cpu12", "cpu") && !is_numbered("cpufreq", "cpu") && !is_numbered("cpu", "cpu"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\PC|\n|\t|processor|: |vendor_id|CPU part|cpu MHz|1e999){0,60}") {
            let found = parse(&text);
            prop_assert!(!found.model().is_empty());
            prop_assert!(found.clocks_mhz.iter().all(|mhz| mhz.is_finite()));
        }
    }
}
