//! The apps and groups of public repositories.

use std::collections::BTreeMap;

use marathon_inject::document::Severity;
use marathon_inject::pod::Conversion;

use super::{converted, keeps_the_laws};
use crate::support::public::{documents, shown};

#[test]
fn every_app_of_the_corpus_becomes_a_pod_or_is_refused_with_reasons() {
    let mut counts = BTreeMap::new();
    for folder in ["apps", "groups"] {
        let Some(documents) = documents(folder) else { return };
        for (_, text) in documents {
            let converted = converted(&text);
            keeps_the_laws(&text, &converted);
            for entry in &converted.entries {
                *counts.entry(format!("{folder}: {}", entry.outcome)).or_insert(0) += 1;
                if entry.outcome == Conversion::Refused {
                    for fault in entry.findings.iter().filter(|it| it.severity == Severity::Error) {
                        let why = format!("{folder}: refused for {}", fault.rule.unwrap());
                        *counts.entry(why).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    insta::assert_snapshot!(shown(&counts), @r"
    44 apps: converted
    10 apps: refused
    1 apps: refused for C02
    2 apps: refused for C20
    2 apps: refused for C21
    2 apps: refused for C22
    1 apps: refused for C25
    1 apps: refused for C26
    4 apps: refused for C27
    1 apps: refused for C29
    1 apps: refused for P02
    1 apps: refused for P03
    1 apps: refused for V08
    33 groups: converted
    5 groups: passed through: a pod's status
    10 groups: refused
    1 groups: refused for C20
    2 groups: refused for C22
    1 groups: refused for C26
    4 groups: refused for C27
    1 groups: refused for C35
    2 groups: refused for P02
    2 groups: refused for P14
    ");
}
