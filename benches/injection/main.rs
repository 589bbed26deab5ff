//! Injection measured against what anybody would do with the same bytes: parse them into a
//! `serde_json::Value` and write that out again.
//!
//! After divan's table come the ratios, each from one run in this process: the two sides take
//! turns, and the best of each counts.

mod group;
#[path = "../turns/mod.rs"]
mod turns;

use std::hint::black_box;
use std::process::{Command, Stdio};

use divan::Bencher;
use divan::counter::BytesCount;
use group::{document, group, inject, reparse};
use turns::{best_of, report};

fn main() {
    divan::main();
    ratios();
}

const SIZES: [usize; 3] = [100, 1_000, 10_000];

#[divan::bench]
fn inject_one_pod(bencher: Bencher<'_, '_>) {
    let text = document(&group::pod(0));
    bencher.counter(BytesCount::of_str(&text)).bench(|| inject(black_box(&text)));
}

#[divan::bench]
fn parse_and_write_one_pod(bencher: Bencher<'_, '_>) {
    let text = document(&group::pod(0));
    bencher.counter(BytesCount::of_str(&text)).bench(|| reparse(black_box(&text)));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn inject_group(bencher: Bencher<'_, '_>, pods: usize) {
    let text = group(pods);
    bencher.counter(BytesCount::of_str(&text)).bench(|| inject(black_box(&text)));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn parse_and_write_group(bencher: Bencher<'_, '_>, pods: usize) {
    let text = group(pods);
    bencher.counter(BytesCount::of_str(&text)).bench(|| reparse(black_box(&text)));
}

fn ratios() {
    let large = group(10_000);
    let megabytes = large.len() / 1_000_000;
    let (ours, theirs) = best_of(7, || inject(&large), || reparse(&large));
    report(&format!("inject / parse and write, {megabytes} MB in 10,000 pods"), ours, theirs, 2.0);
    let small = group(100);
    let (large, small) = best_of(7, || inject(&large), || inject(&small));
    report("inject 10,000 pods / 100 times inject 100 pods", large, small * 100, 1.5);
    let (ours, theirs) = best_of(200, cold_start, || run(&mut Command::new("/bin/true")));
    report("cold start on one pod / /bin/true", ours, theirs, 3.0);
}

fn cold_start() {
    let pod = concat!(env!("CARGO_MANIFEST_DIR"), "/pods/httpbin.json");
    run(Command::new(env!("CARGO_BIN_EXE_inject")).arg(pod));
}

fn run(command: &mut Command) {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("the program runs").success());
}
