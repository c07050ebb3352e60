//! A kernel for tests, which keeps its settings in memory and has the habits of the real one: choices read as all there
//! is to choose from, lists and masks read back in its own spelling, drivers refuse some orders, one setting moves
//! another, and some interrupts refuse to be moved. It can die at any write.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;

use super::kernel::Kernel;
use crate::model::cores::Cores;
use crate::model::facts::{Files, Reading};
use crate::model::tuning::chosen_word;

const NO_TURBO: &str = "sys/devices/system/cpu/intel_pstate/no_turbo";

pub(super) struct FakeKernel {
    pub(super) settings: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Whether an energy preference is refused under the governor `performance`; older drivers take it.
    refuses_preferences: bool,
    /// Interrupts that refuse to be moved.
    pub(super) managed: Vec<String>,
    /// After that many writes the writer is killed.
    pub(super) lives_for: Cell<usize>,
}

impl FakeKernel {
    pub(super) fn new(files: &Files) -> FakeKernel {
        let bytes = |reading: &Reading| match reading {
            Reading::Bytes(bytes) => Some(bytes.clone()),
            Reading::Refused(_) => None,
        };
        let settings = files.iter().filter_map(|(path, reading)| Some((path.clone(), bytes(reading)?)));
        let mut kernel = FakeKernel {
            settings: RefCell::new(settings.collect()),
            refuses_preferences: false,
            managed: Vec::new(),
            lives_for: Cell::new(usize::MAX),
        };
        let policy = "sys/devices/system/cpu/cpufreq/policy3/";
        let reads = |name: &str| kernel.reads(&format!("{policy}{name}"));
        kernel.refuses_preferences = reads("scaling_governor") != "performance"
            || reads("energy_performance_preference") == "performance";
        kernel
    }

    pub(super) fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.settings.borrow().clone()
    }

    /// Settings that are not as they were, with both texts.
    pub(super) fn differences(&self, before: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
        let shown = |bytes: Option<&Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let now = self.all();
        let paths: std::collections::BTreeSet<&String> = now.keys().chain(before.keys()).collect();
        let differing = paths.into_iter().filter(|path| now.get(*path) != before.get(*path));
        differing
            .map(|path| format!("{path}: {:?}, was {:?}", shown(now.get(path)), shown(before.get(path))))
            .collect()
    }

    pub(super) fn set(&self, path: &str, text: &str) {
        self.settings.borrow_mut().insert(path.to_owned(), text.as_bytes().to_vec());
    }

    fn reads(&self, path: &str) -> String {
        let bytes = self.settings.borrow().get(path).cloned().unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

impl Kernel for FakeKernel {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let bytes = self.settings.borrow().get(path).cloned();
        bytes.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        match self.lives_for.get() {
            0 => std::panic::resume_unwind(Box::new("killed")),
            writes => self.lives_for.set(writes - 1),
        }
        let present = String::from_utf8_lossy(&self.read(path)?).into_owned();
        let text = String::from_utf8_lossy(bytes).trim().to_owned();
        let refused = |number| Err(io::Error::from_raw_os_error(number));
        if self.managed.iter().any(|managed| managed == path) {
            return refused(libc::EIO);
        }
        if let Some(policy) = path.strip_suffix("energy_performance_preference")
            && self.refuses_preferences
            && self.reads(&format!("{policy}scaling_governor")) == "performance"
            && text != "performance"
        {
            return refused(libc::EBUSY);
        }
        let reads = if chosen_word(&present).is_some() {
            let all = present.replace(['[', ']'], "");
            if !all.split_ascii_whitespace().any(|word| word == text) {
                return refused(libc::EINVAL);
            }
            let mark = |word: &str| if word == text { format!("[{word}]") } else { word.to_owned() };
            all.split_ascii_whitespace().map(mark).collect::<Vec<_>>().join(" ")
        } else if path.ends_with("smp_affinity_list") {
            let Some(cores) = Cores::parse(&text) else { return refused(libc::EINVAL) };
            cores.to_string()
        } else if path.ends_with("default_smp_affinity") {
            let Some(cores) = Cores::parse_mask(&text) else { return refused(libc::EINVAL) };
            cores.mask().trim_start_matches(['0', ',']).to_owned()
        } else {
            text
        };
        self.set(path, &format!("{reads}\n"));
        // Some kernels switch boost on again with every choice of a governor.
        if path.ends_with("scaling_governor") && self.settings.borrow().contains_key(NO_TURBO) {
            self.set(NO_TURBO, "0\n");
        }
        Ok(())
    }
}
