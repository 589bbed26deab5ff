//! A pod and what Marathon answers, with a NUL between them, the answer read as all that it could
//! be: nothing in it stops the program, and what is told of a refusal stands within the pod's text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marathon_inject::document::{Path, Snippets, Source};
use marathon_inject::marathon::{Fault, PodStatus, compare, diagnostics};
use marathon_inject::pod::Filled;

fuzz_target!(|text: &str| {
    let Some((pod, answer)) = text.split_once('\u{0}') else { return };
    if let Ok(status) = serde_json::from_str::<PodStatus>(answer) {
        status.termination_history.iter().for_each(|ended| drop(ended.containers()));
    }
    if let Some(compared) = compare(pod, answer, &Filled::default()) {
        assert_eq!(compared.is_same(), compared.sent() == compared.running());
    }
    let source = Source::new("fuzz.json", pod);
    let Ok(root) = source.root() else { return };
    let Ok(tree) = root.tree(&Path::root("")) else { return };
    let Ok(faults) = serde_json::from_str::<Vec<Fault>>(answer) else { return };
    for fault in diagnostics(&faults, &tree, &Path::root("")) {
        assert!(fault.span.as_ref().is_none_or(|span| span.end <= pod.len()), "{fault:?}");
        Snippets::new(false).draw(&source, &fault);
    }
});
