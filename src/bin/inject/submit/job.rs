//! One pod's way: what is there, what is to be done, the write, and the way to STABLE.

use std::time::Duration;

use marathon_inject::identity::without_tokens;
use marathon_inject::marathon::{
    Before, Client, Definition, Error, Events, Force, Goal, News, Running, Standing, Taken,
    Verdict, Watch, Why, compare,
};
use marathon_inject::pod::Filled;
use tokio::time::{Instant, timeout};

use super::join::hide;
use super::look::look;
use super::pods::Pod;
use super::progress::{Line, Progress};
use super::record::{Action, End, Failed, Record, Undoing};
use super::trouble;
use crate::args::SubmitArgs;

/// What all jobs work with.
pub(crate) struct Job<'j> {
    pub(crate) client: &'j Client,
    pub(crate) filled: &'j Filled,
    /// What tells that it is time to look again; without it nothing is followed.
    pub(crate) events: Option<&'j Events>,
    pub(crate) progress: &'j Progress,
    pub(crate) options: Options,
}

/// How the jobs are to be done.
pub(crate) struct Options {
    force: Force,
    timeout: Duration,
    settle: Duration,
    poll: Duration,
    most_failures: Option<usize>,
    rollback: bool,
}

/// What is to be done with a pod.
pub(crate) enum Plan {
    Create,
    Update(Running),
    Leave(Running),
}

/// One pod on its way, and what was seen of it so far.
struct Way<'w> {
    job: &'w Job<'w>,
    pod: &'w Pod,
    record: &'w Record,
    line: Line<'w>,
    news: Option<News>,
    before: Option<Running>,
    watch: Option<Watch>,
    seen: String,
}

impl Options {
    pub(crate) fn of(args: &SubmitArgs) -> Self {
        Self {
            force: if args.force { Force::Yes } else { Force::No },
            timeout: args.timeout,
            settle: args.settle,
            poll: args.marathon.poll,
            most_failures: args.max_failures,
            rollback: args.rollback_on_failure,
        }
    }
}

/// What there is to do with a pod, by what is there.
pub(crate) async fn plan(client: &Client, pod: &Pod, filled: &Filled) -> Result<Plan, Error> {
    let Some(running) = client.pod(&pod.id).await.map_err(hide)? else {
        return Ok(Plan::Create);
    };
    let text = pod.tokens.as_running(&pod.id, &pod.text, &running.text);
    Ok(match compare(&text, &running.text, filled) {
        Some(compared) if compared.is_same() => Plan::Leave(running),
        _ => Plan::Update(running),
    })
}

impl Plan {
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::Create => Action::Create,
            Self::Update(_) => Action::Update,
            Self::Leave(_) => Action::Leave,
        }
    }

    /// What there is to do after a while. Others may have brought about what is wanted; anything
    /// else that they did is not to be undone.
    async fn again(self, client: &Client, pod: &Pod, filled: &Filled) -> Result<Self, Error> {
        let what = match (self, plan(client, pod, filled).await?) {
            (_, plan @ Self::Leave(_)) | (Self::Create, plan @ Self::Create) => return Ok(plan),
            (Self::Update(before), Self::Update(now)) if before.version == now.version => {
                return Ok(Self::Update(now));
            }
            (Self::Create, _) => "created",
            (_, Self::Create) => "removed",
            _ => "changed",
        };
        Err(Error::Conflict { id: pod.id.clone(), what })
    }

    /// What ran before, if it is to be replaced.
    fn before(self) -> Option<Running> {
        match self {
            Self::Update(before) => Some(before),
            Self::Create | Self::Leave(_) => None,
        }
    }
}

impl Job<'_> {
    /// Does all that is to be done with a pod, and keeps the record of it.
    pub(crate) async fn run(&self, pod: &Pod, record: &Record) {
        let began = Instant::now();
        let mut way = Way {
            job: self,
            pod,
            record,
            line: self.progress.line(&pod.id),
            news: self.events.map(Events::news),
            before: None,
            watch: None,
            seen: String::new(),
        };
        let deployed = timeout(self.options.timeout, way.deploy()).await;
        let end = match deployed.unwrap_or_else(|_| Ok(End::Failed(way.failed(Why::TimedOut)))) {
            Ok(End::Failed(failed)) => End::Failed(way.undo(failed).await),
            Ok(end) => end,
            Err(error) => End::Marathon(hide(error)),
        };
        record.took.set(began.elapsed());
        way.line.end(&trouble::ended(&end, record));
        record.end.set(end).expect("a pod's work ends once");
    }
}

impl Way<'_> {
    /// Submits the pod if that is needed, and follows it to the end.
    async fn deploy(&mut self) -> Result<End, Error> {
        let (taken, standing) = self.submit().await?;
        let taken = self.record.taken.get_or_init(|| taken);
        let action = self.record.action.get().unwrap_or(Action::Leave);
        self.line.say(&trouble::taken(action, taken));
        match self.news.take() {
            Some(mut news) => self.follow(taken, standing, &mut news).await,
            None if action == Action::Leave => Ok(End::Left),
            None => Ok(End::Submitted),
        }
    }

    fn definition(&self) -> Definition<'_> {
        Definition { id: &self.pod.id, text: &self.pod.text, filled: self.job.filled }
    }

    /// Writes the pod if that is needed, as soon as no deployment holds it.
    async fn submit(&mut self) -> Result<(Taken, Standing), Error> {
        let Job { client, filled, .. } = *self.job;
        let mut plan = plan(client, self.pod, filled).await?;
        loop {
            self.record.action.set(Some(plan.action()));
            "whether Marathon took it is not known".clone_into(&mut self.seen);
            match self.write(&plan).await {
                Ok(written) => {
                    self.before = plan.before();
                    self.seen.clear();
                    return Ok(written);
                }
                Err(error) if error.is_busy() => {
                    self.seen = without_tokens(&trouble::waiting(&error))
                }
                Err(error) => return Err(error),
            }
            self.line.say(&self.seen);
            self.wait().await;
            plan = plan.again(client, self.pod, filled).await?;
        }
    }

    async fn write(&self, plan: &Plan) -> Result<(Taken, Standing), Error> {
        let before = match plan {
            Plan::Create => None,
            Plan::Update(before) => Some(before),
            Plan::Leave(running) => {
                let taken = Taken { version: running.version.clone(), deployment: None };
                return Ok((taken, Standing::Proven));
            }
        };
        let (client, force) = (self.job.client, self.job.options.force);
        self.record.sent.set(true);
        let written = match before {
            Some(before) => client.update(self.definition(), before, force).await,
            None => client.create(self.definition(), force).await,
        };
        self.record.sent.set(matches!(written, Ok(_) | Err(Error::Uncertain { .. })));
        Ok((written?, Standing::New))
    }

    async fn wait(&mut self) {
        let poll = self.job.options.poll;
        match &mut self.news {
            Some(news) => news.of(&self.pod.id, poll).await,
            None => tokio::time::sleep(poll).await,
        }
    }

    async fn follow(
        &mut self,
        taken: &Taken,
        standing: Standing,
        news: &mut News,
    ) -> Result<End, Error> {
        let options = &self.job.options;
        let watch = self.watch.insert(Watch::new(Goal {
            id: self.pod.id.clone(),
            version: taken.version.clone(),
            deployment: taken.deployment.clone(),
            run_once: self.pod.run_once.clone(),
            standing,
            settle: options.settle,
            most_failures: options.most_failures,
        }));
        let on_look = |seen: &_, watch: &_| {
            self.seen = look(seen, watch);
            self.line.say(&self.seen);
        };
        let followed = self.job.client.follow(&self.pod.id, watch, news, options.poll, on_look);
        Ok(match followed.await? {
            Verdict::Stable => End::Stable,
            Verdict::Failed(why) => End::Failed(self.failed(why)),
        })
    }

    fn failed(&self, why: Why) -> Failed {
        let last = self.watch.as_ref().and_then(Watch::last_failure).cloned();
        Failed { why, last, seen: self.seen.clone(), undone: None }
    }

    /// Takes back what failed, if that is wanted and there is something to take back.
    async fn undo(&self, failed: Failed) -> Failed {
        let options = &self.job.options;
        let wanted = options.rollback && self.record.action.get() != Some(Action::Leave);
        let Some(taken) = self.record.taken.get().filter(|_| wanted) else { return failed };
        self.record.undoing.set(true);
        self.line.say("failed; bringing back what was before");
        let before = self.before.as_ref().map_or(Before::Nothing, Before::Running);
        let undo = self.job.client.undo(self.definition(), taken, before, options.poll);
        let undone = match timeout(options.timeout, undo).await {
            Ok(undone) => undone.map_err(|error| Undoing::Marathon(hide(error))),
            Err(_) => Err(Undoing::TimedOut),
        };
        Failed { undone: Some(undone), ..failed }
    }
}
