//! Collects what the kernel samples of a running process, in a thread of its own.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::event::{self, Event, Trigger};
use super::records::{self, Record, Sample};
use crate::conductor::stage::system;
use crate::kernel;
use crate::profile::ProfileError;
use crate::profile::mappings::{Mapping, read_maps};

/// How long to wait for the buffers to fill up.
const WAIT_MS: i32 = 20;

/// Everything that was collected.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// The samples in the order of their cores.
    pub(super) samples: Vec<Sample>,
    /// Records that did not fit into the buffers.
    pub(super) lost: u64,
    /// What was mapped for execution.
    pub(super) mappings: Vec<Mapping>,
}

/// A thread that collects until it is told to finish.
pub(super) struct Sampler {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Recording>>,
}

impl Sampler {
    /// Begins to sample a process on some cores.
    pub(super) fn start(
        (trigger, kernel_too): (Trigger, bool),
        pid: u32,
        cpus: &[u32],
    ) -> Result<Sampler, ProfileError> {
        let open = |cpu: &u32| {
            system(event::open(trigger, kernel_too, pid, *cpu), || format!("cannot sample process {pid}"))
        };
        let events = cpus.iter().map(open).collect::<Result<Vec<Event>, _>>()?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        // What was mapped before the events were there is in no record.
        let mappings = read_maps(pid);
        let thread = std::thread::spawn(move || collect(events, mappings, &told));
        Ok(Sampler { stop, thread: Some(thread) })
    }

    /// Ends sampling and gives what was collected.
    pub(super) fn finish(mut self) -> Recording {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn collect(mut events: Vec<Event>, mappings: Vec<Mapping>, stop: &AtomicBool) -> Recording {
    let mut recording = Recording { mappings, ..Recording::default() };
    let fds: Vec<_> = events.iter().map(|event| event.fd.as_raw_fd()).collect();
    loop {
        let last = stop.load(Ordering::Relaxed);
        let mut quiet = true;
        for event in &mut events {
            event.ring.drain(|record| {
                quiet = false;
                match records::parse(record) {
                    Record::Sample(sample) => recording.samples.push(sample),
                    Record::Lost(count) => recording.lost += count,
                    Record::Mapping(mapping) => recording.mappings.push(mapping),
                    Record::Other => {}
                }
            });
        }
        // Waiting cannot fail in a way that matters: without it the buffers are looked at sooner.
        if last {
            return recording;
        }
        if kernel::wait_readable(&fds, WAIT_MS).is_err() || quiet {
            // The events of a process that has ended are always readable.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
