//! A Marathon to try `inject submit` with: `cargo run --example marathon [ADDRESS]`, with
//! `--crash POD:CONTAINER:CODE` for each container that shall crash.

#[path = "../tests/support/marathon/mod.rs"]
mod marathon;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use marathon::{Marathon, Trouble};

const USAGE: &str = "usage: marathon [ADDRESS] [--crash POD:CONTAINER:CODE]...";
const ADDRESS: &str = "127.0.0.1:8080";

/// An instance is up after five of them.
const TICK: Duration = Duration::from_millis(700);

fn main() -> ExitCode {
    let Some((address, crashes)) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let marathon = Marathon::builder().address(address).tick(TICK).start();
    for (pod, trouble) in crashes {
        marathon.script(&pod, trouble);
    }
    let url = marathon.url();
    println!("Marathon listens at {url}; Ctrl-C stops it");
    println!("inject submit pods/ --marathon {url}");
    tell(&marathon)
}

/// Where to listen, and what shall crash.
fn arguments() -> Option<(SocketAddr, Vec<(String, Trouble)>)> {
    let mut address = ADDRESS.to_owned();
    let mut crashes = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--crash" => crashes.push(crash(&arguments.next()?)?),
            flag if flag.starts_with('-') => return None,
            _ => address = argument,
        }
    }
    Some((address.parse().ok()?, crashes))
}

fn crash(argument: &str) -> Option<(String, Trouble)> {
    let (pod, rest) = argument.split_once(':')?;
    let (container, code) = rest.split_once(':')?;
    Some((pod.to_owned(), Trouble::exits(container, code.parse().ok()?)))
}

/// Tells of every write and of every deployment that ends.
fn tell(marathon: &Marathon) -> ! {
    let (mut writes, mut ended) = (0, 0);
    loop {
        for write in marathon.writes().iter().skip(writes) {
            println!("{} {}", write.method, write.target);
            writes += 1;
        }
        for (deployment, pod) in
            marathon.see(|cluster| cluster.log().ended().to_vec()).iter().skip(ended)
        {
            println!("{pod} is deployed ({deployment})");
            ended += 1;
        }
        std::thread::sleep(TICK / 7);
    }
}
