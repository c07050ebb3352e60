//! A build script that gives a test the time to interrupt the build.

fn main() {
    std::thread::sleep(std::time::Duration::from_secs(60));
}
