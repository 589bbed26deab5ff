//! Every hand-written sidecar of the public pods, adopted or left alone with a reason.

use std::collections::BTreeMap;

use marathon_inject::plan::{Change, Outcome};

use super::{adopted, keeps_the_laws, plain};
use crate::support::public::{documents, shown};
use crate::support::{changed, errors};

#[test]
fn every_hand_written_sidecar_is_adopted_or_left_with_a_reason() {
    let Some(documents) = documents("pods") else { return };
    let mut counts = BTreeMap::new();
    for (_, text) in documents {
        let (_, before) = changed(&text, Change::Inject(&plain()));
        let (_, entries) = adopted(&text);
        let sidecars =
            before.iter().zip(&entries).filter(|(before, _)| is_foreign(&before.outcome));
        for (_, entry) in sidecars {
            let outcome = match (&entry.outcome, entry.findings.first()) {
                (Outcome::Skipped(_), Some(why)) => format!("left alone: {}", why.message),
                (outcome, _) => outcome.to_string(),
            };
            *counts.entry(outcome).or_insert(0) += 1;
        }
        if errors(&entries).is_empty() {
            keeps_the_laws(&text);
        }
    }
    insta::assert_snapshot!(shown(&counts), @r"
    33 injected in place of container proxy
    3 left alone: container proxy is not adopted: it is started with --templateFile
    1 left alone: container proxy is not adopted: it runs pilot-agent as router
    ");
}

fn is_foreign(outcome: &Outcome) -> bool {
    outcome.to_string().contains("already is a sidecar")
}
