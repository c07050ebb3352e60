//! Whether this is a virtual machine, a container or both, from the evidence that `systemd-detect-virt` looks at.

use std::path::Path;

use super::cpu::Processors;
use super::fact;

/// Beginnings of the firmware's strings and the hypervisor that they give away, special ones first.
const FIRMWARE: [(&str, &str); 20] = [
    ("KVM", "kvm"),
    ("OpenStack", "kvm"),
    ("KubeVirt", "kvm"),
    ("Amazon EC2", "amazon"),
    ("Google Compute Engine", "google"),
    ("QEMU", "qemu"),
    ("VMware", "vmware"),
    ("VMW", "vmware"),
    ("innotek GmbH", "virtualbox"),
    ("VirtualBox", "virtualbox"),
    ("Oracle Corporation", "virtualbox"),
    ("Xen", "xen"),
    ("Bochs", "bochs"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
    ("Hyper-V", "microsoft"),
    ("Microsoft Corporation Virtual", "microsoft"),
    ("Apple Virtualization", "apple"),
    ("DigitalOcean", "kvm"),
    ("Hetzner vServer", "kvm"),
];

/// Signatures that a hypervisor answers on x86's `cpuid`.
const SIGNATURES: [(&str, &str); 11] = [
    ("KVMKVMKVM", "kvm"),
    ("Linux KVM Hv", "kvm"),
    ("TCGTCGTCGTCG", "qemu"),
    ("VMwareVMware", "vmware"),
    ("VBoxVBoxVBox", "virtualbox"),
    ("XenVMMXenVMM", "xen"),
    ("Microsoft Hv", "microsoft"),
    ("bhyve bhyve ", "bhyve"),
    (" lrpepyh vr", "parallels"),
    ("ACRNACRNACRN", "acrn"),
    ("Apple VZ", "apple"),
];

/// Words in the control groups of a container's first process.
const CONTROL_GROUPS: [(&str, &str); 6] = [
    ("kubepods", "kubernetes"),
    ("libpod", "podman"),
    ("docker", "docker"),
    ("containerd", "containerd"),
    ("/lxc", "lxc"),
    ("garden", "garden"),
];

/// What was found; an empty text is a fact that is not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    x86: bool,
    hypervisor_flag: bool,
    cpuid_signature: String,
    /// Product, vendor, board and firmware strings of DMI.
    firmware: Vec<String>,
    /// `/sys/hypervisor/type`, or the device tree's hypervisor.
    kernel_says: String,
    kernel_release: String,
    /// What the container's manager wrote down for those inside.
    container_manager: String,
    podman_mark: bool,
    docker_mark: bool,
    control_groups: String,
}

impl Evidence {
    /// Collects the evidence on this machine.
    pub(super) fn gather(processors: &Processors, kernel_release: &str) -> Evidence {
        let first = |paths: &[&str]| paths.iter().find_map(|path| fact(path)).unwrap_or_default();
        let dmi = ["product_name", "sys_vendor", "board_vendor", "bios_vendor", "product_version"];
        Evidence {
            x86: processors.has_x86_flags,
            hypervisor_flag: processors.hypervisor_flag,
            cpuid_signature: if processors.hypervisor_flag { cpuid_signature() } else { String::new() },
            firmware: dmi.iter().filter_map(|name| fact(&format!("/sys/class/dmi/id/{name}"))).collect(),
            kernel_says: first(&["/sys/hypervisor/type", "/proc/device-tree/hypervisor/compatible"]),
            kernel_release: kernel_release.to_owned(),
            container_manager: first(&["/run/host/container-manager", "/run/systemd/container"]),
            podman_mark: Path::new("/run/.containerenv").exists(),
            docker_mark: Path::new("/.dockerenv").exists(),
            control_groups: first(&["/proc/1/cgroup"]),
        }
    }

    /// `none`, the hypervisor, the container, or `container on hypervisor`.
    pub(super) fn name(&self) -> String {
        match (self.container(), self.hypervisor()) {
            (None, None) => "none".to_owned(),
            (None, Some(one)) | (Some(one), None) => one,
            (Some(container), Some(hypervisor)) => format!("{container} on {hypervisor}"),
        }
    }

    fn hypervisor(&self) -> Option<String> {
        // A rented bare machine carries the provider's name in its firmware, but runs under no hypervisor.
        if (self.x86 && !self.hypervisor_flag && self.kernel_says.is_empty())
            || self.firmware.iter().any(|text| text.contains(".metal"))
        {
            return None;
        }
        let firmware =
            self.firmware.iter().find_map(|text| known(&FIRMWARE, |beginning| text.starts_with(beginning)));
        let signature = known(&SIGNATURES, |signature| self.cpuid_signature.starts_with(signature));
        let kernel = match self.kernel_says.as_str() {
            "" => None,
            "linux,kvm" => Some("kvm"),
            text if text.contains("xen") => Some("xen"),
            text if text.contains("vmware") => Some("vmware"),
            _ => Some("other hypervisor"),
        };
        let flagged = self.hypervisor_flag.then_some("other hypervisor");
        firmware.or(signature).or(kernel).or(flagged).map(str::to_owned)
    }

    fn container(&self) -> Option<String> {
        let release = self.kernel_release.to_lowercase();
        if release.contains("microsoft") || release.contains("wsl") {
            return Some("wsl".to_owned());
        }
        let manager: String =
            self.container_manager.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if !manager.is_empty() {
            return Some(manager);
        }
        let marked = match (self.podman_mark, self.docker_mark) {
            (true, _) => Some("podman"),
            (false, true) => Some("docker"),
            (false, false) => None,
        };
        marked.or(known(&CONTROL_GROUPS, |word| self.control_groups.contains(word))).map(str::to_owned)
    }
}

fn known(table: &[(&str, &'static str)], is: impl Fn(&str) -> bool) -> Option<&'static str> {
    table.iter().find(|(text, _)| is(text)).map(|(_, name)| *name)
}

#[cfg(target_arch = "x86_64")]
fn cpuid_signature() -> String {
    let answer = std::arch::x86_64::__cpuid(0x4000_0000);
    let bytes: Vec<u8> =
        [answer.ebx, answer.ecx, answer.edx].into_iter().flat_map(u32::to_le_bytes).collect();
    String::from_utf8_lossy(&bytes).trim_matches('\0').to_owned()
}

#[cfg(not(target_arch = "x86_64"))]
fn cpuid_signature() -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guest() -> Evidence {
        Evidence { x86: true, hypervisor_flag: true, ..Evidence::default() }
    }

    #[test]
    fn bare_metal_is_none_even_with_a_providers_firmware() {
        let bare = Evidence { x86: true, ..Evidence::default() };
        assert_eq!(bare.name(), "none");
        let firmware = vec!["Oracle Corporation".to_owned()];
        assert_eq!(Evidence { firmware, ..bare }.name(), "none");
        let firmware = vec!["c7g.metal".to_owned(), "Amazon EC2".to_owned()];
        assert_eq!(Evidence { firmware, ..Evidence::default() }.name(), "none");
    }

    #[test]
    fn hypervisors_are_known_by_firmware_then_signature_then_kernel_then_flag() {
        assert_eq!(guest().name(), "other hypervisor");
        let signed = Evidence { cpuid_signature: "KVMKVMKVM".to_owned(), ..guest() };
        assert_eq!(signed.name(), "kvm");
        let firmware = vec!["m5.large".to_owned(), "Amazon EC2".to_owned()];
        assert_eq!(Evidence { firmware, ..signed }.name(), "amazon");
        let arm = Evidence { kernel_says: "linux,kvm".to_owned(), ..Evidence::default() };
        assert_eq!(arm.name(), "kvm");
        assert_eq!(
            Evidence { kernel_says: "xen".to_owned(), x86: true, ..Evidence::default() }.name(),
            "xen"
        );
    }

    #[test]
    fn containers_are_known_by_manager_then_mark_then_control_group() {
        let name = |evidence: Evidence| evidence.name();
        assert_eq!(name(Evidence { docker_mark: true, ..Evidence::default() }), "docker");
        assert_eq!(name(Evidence { podman_mark: true, docker_mark: true, ..Evidence::default() }), "podman");
        let control_groups = "0::/kubepods.slice/docker-1234.scope".to_owned();
        assert_eq!(name(Evidence { control_groups, ..Evidence::default() }), "kubernetes");
        let container_manager = "systemd-nspawn\u{1b}[31m".to_owned();
        assert_eq!(
            name(Evidence { container_manager, docker_mark: true, ..Evidence::default() }),
            "systemd-nspawn"
        );
        let kernel_release = "5.15.153.1-microsoft-standard-WSL2".to_owned();
        let wsl = Evidence { kernel_release, cpuid_signature: "Microsoft Hv".to_owned(), ..guest() };
        assert_eq!(wsl.name(), "wsl on microsoft");
    }

    proptest! {
        #[test]
        fn any_evidence_gives_a_plain_name(texts in prop::collection::vec("\\PC{0,12}|KVM|.metal|docker", 5), flags: [bool; 4]) {
            let evidence = Evidence {
                x86: flags[0], hypervisor_flag: flags[1], docker_mark: flags[2], podman_mark: flags[3],
                cpuid_signature: texts[0].clone(), firmware: vec![texts[1].clone()], kernel_says: texts[2].clone(),
                container_manager: texts[3].clone(), control_groups: texts[4].clone(), kernel_release: String::new(),
            };
            prop_assert!(!evidence.name().is_empty() && evidence.name().is_ascii());
        }
    }
}
