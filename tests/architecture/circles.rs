//! Circles in a graph.

use std::collections::{BTreeMap, BTreeSet};

/// The sets of nodes that can all reach each other, each with two nodes or more, sorted.
pub(crate) fn circles<'n>(
    arrows: impl IntoIterator<Item = (&'n str, &'n str)>,
) -> Vec<BTreeSet<&'n str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows {
        next.entry(from).or_default().insert(to);
    }
    let reach: BTreeMap<_, _> = next.keys().map(|node| (*node, reachable(&next, node))).collect();
    let mut circles: Vec<BTreeSet<_>> = Vec::new();
    for (node, reached) in reach.iter().filter(|(node, reached)| reached.contains(*node)) {
        let back = |other: &&str| reach.get(other).is_some_and(|there| there.contains(node));
        let circle = reached.iter().copied().filter(back).collect();
        if !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reachable<'n>(next: &BTreeMap<&'n str, BTreeSet<&'n str>>, from: &str) -> BTreeSet<&'n str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(node) = open.pop() {
        for to in next.get(node).into_iter().flatten() {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}

#[test]
fn circles_are_found_and_straight_lines_are_not() {
    assert!(circles([("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    let two = circles([("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "c")]);
    assert_eq!(two, [BTreeSet::from(["a", "b"]), BTreeSet::from(["c", "d", "e"])]);
}
