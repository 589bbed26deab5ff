//! What is judged, look by look.

use serde_json::{Value, json};

use super::*;

const OURS: &str = "2026-01-02T00:00:00.000Z";
const OLDER: &str = "2026-01-01T00:00:00.000Z";
const LATER: &str = "2026-01-03T00:00:00.000Z";

/// A watch over one pod, and the time.
struct Story {
    watch: Watch,
    start: Instant,
}

fn goal() -> Goal {
    Goal {
        id: "/web".into(),
        version: OURS.into(),
        deployment: Some("d".into()),
        run_once: vec!["istio-init".into()],
        standing: Standing::New,
        settle: Duration::from_secs(5),
        most_failures: None,
    }
}

impl Story {
    fn new(goal: Goal) -> Self {
        Self { watch: Watch::new(goal), start: Instant::now() }
    }

    /// What is said `after` seconds of a pod with that status, with or without its deployment.
    fn says(&mut self, after: u64, status: Value, deployed: bool) -> String {
        self.sees(after, Some(status), deployed)
    }

    fn sees(&mut self, after: u64, status: Option<Value>, deployed: bool) -> String {
        let deployment = Deployment { id: "d".into(), ..Deployment::default() };
        let seen = Seen {
            status: status.map(|status| serde_json::from_value(status).unwrap()),
            deployments: if deployed { vec![deployment] } else { Vec::new() },
        };
        match self.watch.see(&seen, self.start + Duration::from_secs(after)) {
            None => String::new(),
            Some(Verdict::Stable) => "stable".into(),
            Some(Verdict::Failed(why)) => format!("{why:?}"),
        }
    }
}

fn instance(id: &str, status: &str, init: &str, version: &str) -> Value {
    json!({
        "id": id,
        "status": status,
        "agentHostname": "agent-1",
        "specReference": format!("/v2/pods/web::versions/{version}"),
        "containers": [
            {"name": "web", "status": "TASK_RUNNING"},
            {"name": "istio-init", "status": init,
             "termination": (init == "TASK_FAILED").then(|| json!({"exitCode": 1}))},
        ],
    })
}

fn pod(status: &str, version: &str, instances: &[Value]) -> Value {
    json!({"status": status, "spec": {"version": version}, "instances": instances})
}

fn ready(id: &str) -> Value {
    instance(id, "STABLE", "TASK_FINISHED", OURS)
}

#[test]
fn what_stays_fine_for_the_settle_time_is_stable() {
    let mut story = Story::new(goal());
    let fine = pod("STABLE", OURS, &[ready("a")]);
    assert_eq!(story.says(0, fine.clone(), true), "");
    assert_eq!(story.says(1, fine.clone(), false), "");
    assert_eq!(story.says(5, fine.clone(), false), "");
    assert_eq!(story.says(6, fine, false), "stable");
}

#[test]
fn what_was_left_alone_needs_no_proof_unless_something_failed() {
    let left = || Goal { standing: Standing::Proven, deployment: None, ..goal() };
    let fine = pod("STABLE", OURS, &[ready("a")]);
    assert_eq!(Story::new(left()).says(0, fine.clone(), false), "stable");
    let mut doubtful = fine;
    doubtful["terminationHistory"] = json!([{"instanceID": "z"}]);
    let mut story = Story::new(left());
    assert_eq!(story.says(0, doubtful.clone(), false), "");
    assert_eq!(story.says(5, doubtful, false), "stable");
}

#[test]
fn nothing_is_stable_while_its_deployment_is_under_way() {
    let mut story = Story::new(Goal { settle: Duration::ZERO, ..goal() });
    assert_eq!(story.says(0, pod("STABLE", OURS, &[ready("a")]), true), "");
}

#[test]
fn an_instance_whose_init_still_runs_is_not_ready() {
    let mut story = Story::new(Goal { settle: Duration::ZERO, ..goal() });
    let running = instance("a", "STABLE", "TASK_RUNNING", OURS);
    assert_eq!(story.says(0, pod("STABLE", OURS, &[running]), false), "");
    assert_eq!(story.says(1, pod("STABLE", OURS, &[ready("a")]), false), "stable");
}

#[test]
fn an_old_instance_that_is_stable_proves_nothing() {
    let mut story = Story::new(Goal { settle: Duration::ZERO, ..goal() });
    let old = instance("a", "STABLE", "TASK_FINISHED", OLDER);
    assert_eq!(story.says(0, pod("STABLE", OURS, &[old]), false), "");
}

#[test]
fn an_instance_of_another_version_may_stay_if_it_is_what_a_new_one_would_be() {
    let mut story = Story::new(Goal { settle: Duration::ZERO, ..goal() });
    let old = pod("STABLE", OURS, &[instance("a", "STABLE", "TASK_FINISHED", OLDER)]);
    let seen = |deployments| Seen {
        status: Some(serde_json::from_value(old.clone()).unwrap()),
        deployments,
    };
    let ours = Deployment { id: "d".into(), ..Deployment::default() };
    assert_eq!(story.watch.to_compare(&seen(vec![ours])), BTreeSet::new());
    assert_eq!(story.watch.to_compare(&seen(Vec::new())), BTreeSet::from([OLDER.to_owned()]));
    story.watch.compared(OLDER.to_owned(), Likeness::Same);
    assert_eq!(story.watch.to_compare(&seen(Vec::new())), BTreeSet::new());
    assert_eq!(story.says(0, old, false), "stable");
}

#[test]
fn an_instance_of_another_version_that_is_another_may_not_stay() {
    let mut story = Story::new(Goal { settle: Duration::ZERO, ..goal() });
    story.watch.compared(OLDER.to_owned(), Likeness::Other);
    let old = instance("a", "STABLE", "TASK_FINISHED", OLDER);
    assert_eq!(story.says(0, pod("STABLE", OURS, &[old]), false), "");
}

#[test]
fn another_instance_begins_the_settle_time_anew() {
    let mut story = Story::new(goal());
    assert_eq!(story.says(0, pod("STABLE", OURS, &[ready("a")]), false), "");
    assert_eq!(story.says(5, pod("STABLE", OURS, &[ready("b")]), false), "");
    assert_eq!(story.says(9, pod("STABLE", OURS, &[ready("b")]), false), "");
    assert_eq!(story.says(10, pod("STABLE", OURS, &[ready("b")]), false), "stable");
}

#[test]
fn no_instances_are_enough_where_none_are_wanted() {
    let mut story = Story::new(Goal { settle: Duration::ZERO, ..goal() });
    let mut none = pod("STABLE", OURS, &[]);
    none["spec"]["scaling"] = json!({"instances": 0});
    assert_eq!(story.says(0, none, false), "stable");
}

#[test]
fn two_failures_more_than_instances_are_a_crash_loop() {
    let mut story = Story::new(goal());
    let failed = |id: &str| instance(id, "TERMINAL", "TASK_FAILED", OURS);
    assert_eq!(story.says(0, pod("DEGRADED", OURS, &[failed("a")]), true), "");
    assert_eq!(story.says(1, pod("DEGRADED", OURS, &[failed("a")]), true), "");
    assert_eq!(story.says(2, pod("STABLE", OURS, &[ready("b")]), true), "");
    assert_eq!(story.says(3, pod("DEGRADED", OURS, &[failed("c")]), false), "CrashLoop(3)");
    let last = story.watch.last_failure().unwrap();
    assert_eq!((last.instance.as_str(), last.agent.as_deref()), ("c", Some("agent-1")));
    assert_eq!(last.containers[0].name, "istio-init");
}

#[test]
fn failures_between_two_looks_are_known_from_the_history() {
    let mut story = Story::new(Goal { most_failures: Some(2), ..goal() });
    let ended = |id: &str| {
        json!({"instanceID": id, "containers": [{"containerId": format!("{id}.istio-init"),
            "lastKnownState": "TASK_FAILED", "termination": {"message": "exit 1"}}]})
    };
    let history = |id: &str| {
        let mut status = pod("DEGRADED", OURS, &[]);
        status["terminationHistory"] = json!([ended(id)]);
        status
    };
    // What failed before is nobody's fault now.
    assert_eq!(story.says(0, history("old"), true), "");
    assert_eq!(story.says(1, history("a"), true), "");
    assert_eq!(story.says(2, history("a"), true), "");
    assert_eq!(story.says(3, history("b"), true), "CrashLoop(2)");
}

#[test]
fn failures_of_the_version_before_are_not_held_against_ours() {
    let mut story = Story::new(Goal { most_failures: Some(1), ..goal() });
    let old = instance("old", "DEGRADED", "TASK_RUNNING", OLDER);
    assert_eq!(story.says(0, pod("DEGRADED", OURS, &[old]), true), "");
    let mut over = pod("STABLE", OURS, &[ready("a")]);
    over["terminationHistory"] = json!([{"instanceID": "old", "containers": [
        {"containerId": "old.web", "lastKnownState": "TASK_FAILED"}]}]);
    assert_eq!(story.says(1, over, true), "");
    assert_eq!(story.watch.failures(), 0);
}

#[test]
fn a_pod_that_is_not_there_was_removed() {
    let mut story = Story::new(goal());
    assert_eq!(story.sees(0, None, true), "");
    assert_eq!(story.says(1, pod("DEGRADED", OURS, &[]), true), "");
    assert_eq!(story.sees(2, None, true), "Removed");
    assert_eq!(Story::new(goal()).sees(0, None, false), "Removed");
    assert_eq!(Story::new(goal()).says(0, pod("TERMINAL", OURS, &[]), true), "Removed");
}

#[test]
fn a_later_version_replaces_ours() {
    assert_eq!(Story::new(goal()).says(0, pod("STABLE", LATER, &[]), true), "Replaced");
}

#[test]
fn an_earlier_version_comes_back_when_the_deployment_is_cancelled() {
    let mut story = Story::new(goal());
    assert_eq!(story.says(0, pod("STABLE", OLDER, &[]), true), "");
    assert_eq!(story.says(1, pod("DEGRADED", OURS, &[]), true), "");
    assert_eq!(story.says(2, pod("STABLE", OLDER, &[]), false), "Cancelled");
    assert_eq!(Story::new(goal()).says(0, pod("STABLE", OLDER, &[]), false), "Cancelled");
}
