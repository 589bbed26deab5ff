//! The memory that injection takes: read `max alloc` against the size of the document, which is in
//! memory before the measurement begins and counts once more.

#[path = "injection/group.rs"]
#[expect(dead_code, reason = "the speed benchmarks use the rest")]
mod group;

use divan::{AllocProfiler, Bencher};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 1)]
fn inject_group(bencher: Bencher<'_, '_>, pods: usize) {
    let text = group::group(pods);
    println!("{pods} pods: {} bytes", text.len());
    bencher.bench(|| group::inject(&text));
}
