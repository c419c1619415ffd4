//! The properties that elements are saved with: which are read, and what those that are not
//! read would change.

use super::element::{Element, Property, Value};
use super::kinds::{Controller, Extract, Group, Kind, Timer};
use super::ledger::Ledger;
use crate::scenario::import::Status;

/// What a property is to the simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// It is read.
    Read,
    /// It changes nothing.
    Idle(&'static str),
    /// It would change something.
    Matters(&'static str),
}

use Use::{Idle, Matters, Read};

type Row = (&'static str, Use);

const BODY: Use = Idle("bodies of requests are not sent");

const HTTP: &[Row] = &[
    ("HTTPSampler.domain", Read),
    ("HTTPSampler.port", Read),
    ("HTTPSampler.protocol", Read),
    ("HTTPSampler.path", Read),
    ("HTTPSampler.method", Read),
    ("HTTPsampler.Arguments", Read),
    ("HTTPSampler.use_keepalive", Read),
    ("HTTPSampler.connect_timeout", Read),
    ("HTTPSampler.response_timeout", Read),
    // Usual, and followed as far as there is something to follow.
    ("HTTPSampler.follow_redirects", Read),
    (
        "HTTPSampler.auto_redirects",
        Idle("the simulated applications do not redirect"),
    ),
    (
        "HTTPSampler.image_parser",
        Idle("the simulated answers have no embedded resources"),
    ),
    (
        "HTTPSampler.embedded_url_re",
        Idle("the simulated answers have no embedded resources"),
    ),
    (
        "HTTPSampler.embedded_url_exclude_re",
        Idle("the simulated answers have no embedded resources"),
    ),
    (
        "HTTPSampler.concurrentDwn",
        Idle("the simulated answers have no embedded resources"),
    ),
    ("HTTPSampler.concurrentPool", Read),
    ("HTTPSampler.postBodyRaw", Read),
    ("HTTPsampler.Files", BODY),
    ("HTTPSampler.FILE_NAME", BODY),
    ("HTTPSampler.FILE_FIELD", Read),
    ("HTTPSampler.mimetype", Read),
    ("HTTPSampler.DO_MULTIPART_POST", BODY),
    ("HTTPSampler.BROWSER_COMPATIBLE_MULTIPART", BODY),
    ("HTTPSampler.contentEncoding", Read),
    ("HTTPSampler.implementation", Read),
    ("HTTPSampler.monitor", Read),
    (
        "HTTPSampler.md5",
        Idle("it only changes what is saved of an answer"),
    ),
    (
        "HTTPSampler.embedded_url_allow_re",
        Idle("the simulated answers have no embedded resources"),
    ),
    (
        "HTTPSampler.ipSource",
        Matters("all threads come from one address"),
    ),
    ("HTTPSampler.ipSourceType", Read),
    (
        "HTTPSampler.proxyHost",
        Matters("requests go to the load balancer directly, not through a proxy of the client"),
    ),
    ("HTTPSampler.proxyPort", Read),
    ("HTTPSampler.proxyUser", Read),
    ("HTTPSampler.proxyPass", Read),
    ("HTTPSampler.proxyScheme", Read),
    ("HTTPSampler.encoded_path", Read),
];

const GROUP: &[Row] = &[
    ("ThreadGroup.on_sample_error", Read),
    ("ThreadGroup.main_controller", Read),
    ("ThreadGroup.num_threads", Read),
    ("ThreadGroup.ramp_time", Read),
    ("ThreadGroup.scheduler", Read),
    ("ThreadGroup.duration", Read),
    ("ThreadGroup.delay", Read),
    ("ThreadGroup.start_time", Read),
    ("ThreadGroup.end_time", Read),
    ("ThreadGroup.same_user_on_next_iteration", Read),
    (
        "ThreadGroup.delayedStart",
        Idle("it only saves JMeter's memory: threads start as late either way"),
    ),
    // Of plugins.
    ("ultimatethreadgroupdata", Read),
    ("Threads initial delay", Read),
    ("Start users count", Read),
    ("Start users count burst", Read),
    ("Start users period", Read),
    ("Stop users count", Read),
    ("Stop users period", Read),
    ("flighttime", Read),
    ("rampUp", Read),
    ("TargetLevel", Read),
    ("RampUp", Read),
    ("Steps", Read),
    ("Hold", Read),
    ("Unit", Read),
    (
        "Iterations",
        Matters("threads go on until the time is over"),
    ),
    ("LogFilename", Read),
];

const PLAN: &[Row] = &[
    ("TestPlan.user_defined_variables", Read),
    ("TestPlan.serialize_threadgroups", Read),
    (
        "TestPlan.functional_mode",
        Idle("it only changes what is saved of a result"),
    ),
    ("TestPlan.user_define_classpath", Idle("nothing is loaded")),
    ("TestPlan.tearDown_on_shutdown", Read),
    ("TestPlan.thread_groups", Read),
];

const COOKIES: &[Row] = &[
    ("CookieManager.cookies", Read),
    ("CookieManager.clearEachIteration", Read),
    ("CookieManager.controlledByThreadGroup", Read),
    ("CookieManager.policy", Read),
    ("CookieManager.implementation", Read),
];

const LOOP: &[Row] = &[
    ("LoopController.loops", Read),
    ("LoopController.continue_forever", Read),
];

const EXTRACT: &[Row] = &[
    ("RegexExtractor.useHeaders", Read),
    ("RegexExtractor.refname", Read),
    ("RegexExtractor.regex", Read),
    ("RegexExtractor.template", Read),
    ("RegexExtractor.default", Read),
    ("RegexExtractor.default_empty_value", Read),
    ("RegexExtractor.match_number", Read),
    ("BoundaryExtractor.useHeaders", Read),
    ("BoundaryExtractor.refname", Read),
    ("BoundaryExtractor.lboundary", Read),
    ("BoundaryExtractor.rboundary", Read),
    ("BoundaryExtractor.default", Read),
    ("BoundaryExtractor.default_empty_value", Read),
    ("BoundaryExtractor.match_number", Read),
    ("JSONPostProcessor.referenceNames", Read),
    ("JSONPostProcessor.jsonPathExprs", Read),
    ("JSONPostProcessor.match_numbers", Read),
    ("JSONPostProcessor.defaultValues", Read),
    (
        "JSONPostProcessor.compute_concat",
        Matters("the variable with all values joined has no value"),
    ),
    ("JMESExtractor.referenceName", Read),
    ("JMESExtractor.jmesPathExpr", Read),
    ("JMESExtractor.matchNumber", Read),
    ("JMESExtractor.defaultValue", Read),
    ("VAR", Read),
    ("JSONPATH", Read),
    ("DEFAULT", Read),
    ("SUBJECT", Read),
    ("VARIABLE", Read),
    ("INPUT_FORMAT", Read),
    ("Sample.scope", Matters("it looks at the sample itself")),
    (
        "Scope.variable",
        Matters("it looks at the answer, not at a variable"),
    ),
];

const TIMER: &[Row] = &[
    ("ConstantTimer.delay", Read),
    ("RandomTimer.range", Read),
    ("throughput", Read),
    ("calcMode", Read),
    ("throughputPeriod", Read),
    ("duration", Read),
    ("exactLimit", Read),
    ("allowedThroughputSurplus", Read),
    ("batchSize", Matters("requests come one by one")),
    ("batchThreadDelay", Read),
    ("randomSeed", Read),
];

const DATA: &[Row] = &[
    ("filename", Read),
    ("fileEncoding", Idle("the file is read as UTF-8")),
    ("variableNames", Read),
    ("ignoreFirstLine", Read),
    ("delimiter", Read),
    ("quotedData", Read),
    ("recycle", Read),
    ("stopThread", Read),
    ("shareMode", Read),
    ("CounterConfig.start", Read),
    ("CounterConfig.end", Read),
    ("CounterConfig.incr", Read),
    ("CounterConfig.name", Read),
    ("CounterConfig.format", Read),
    ("CounterConfig.per_user", Read),
    (
        "CounterConfig.reset_on_tg_iteration",
        Matters("the counter goes on from iteration to iteration"),
    ),
    ("maximumValue", Read),
    ("minimumValue", Read),
    ("outputFormat", Matters("the number is written plainly")),
    ("perThread", Idle("each thread draws its own numbers")),
    (
        "randomSeed",
        Idle("all random numbers come from the run's seed"),
    ),
    ("variableName", Read),
    ("UserParameters.names", Read),
    ("UserParameters.thread_values", Read),
    ("UserParameters.per_iteration", Read),
];

const CONTROL: &[Row] = &[
    ("LoopController.loops", Read),
    ("LoopController.continue_forever", Read),
    ("IfController.condition", Read),
    ("IfController.evaluateAll", Read),
    ("IfController.useExpression", Read),
    ("WhileController.condition", Read),
    ("RunTime.seconds", Read),
    ("ForeachController.inputVal", Read),
    ("ForeachController.returnVal", Read),
    ("ForeachController.useSeparator", Read),
    (
        "ForeachController.startIndex",
        Matters("the first value comes first"),
    ),
    (
        "ForeachController.endIndex",
        Matters("all values have their turn"),
    ),
    ("ThroughputController.style", Read),
    ("ThroughputController.perThread", Read),
    ("ThroughputController.maxThroughput", Read),
    ("ThroughputController.percentThroughput", Read),
    ("InterleaveControl.style", Read),
    (
        "InterleaveControl.accrossThreads",
        Matters("each thread has its own turns"),
    ),
    ("SwitchController.value", Read),
    ("ModuleController.node_path", Read),
    ("IncludeController.includepath", Read),
    ("CriticalSectionController.lockName", Read),
    ("TransactionController.parent", Read),
    ("TransactionController.includeTimers", Read),
    ("ParameterizedController", Read),
    ("ActionProcessor.action", Read),
    ("ActionProcessor.target", Read),
    ("ActionProcessor.duration", Read),
];

/// The properties of a kind of element; none if they do not matter at all.
fn rows(kind: Kind) -> Option<&'static [Row]> {
    Some(match kind {
        Kind::Plan => PLAN,
        Kind::Group(
            Group::Setup
            | Group::Plain
            | Group::TearDown
            | Group::Ultimate
            | Group::Stepping
            | Group::Concurrency,
        ) => GROUP,
        Kind::Http | Kind::Defaults => HTTP,
        Kind::Cookies => COOKIES,
        Kind::Headers => &[("HeaderManager.headers", Read)],
        Kind::Variables => &[("Arguments.arguments", Read)],
        Kind::Csv | Kind::Counter | Kind::RandomVariable | Kind::UserParameters => DATA,
        Kind::Timer(
            Timer::Constant
            | Timer::Uniform
            | Timer::Gaussian
            | Timer::Poisson
            | Timer::Throughput
            | Timer::Precise,
        ) => TIMER,
        Kind::Extract(Extract::Regex | Extract::Json | Extract::JsonPlugin | Extract::Boundary) => {
            EXTRACT
        }
        Kind::Controller(Controller::Loop) => LOOP,
        Kind::Group(Group::Other)
        | Kind::Controller(Controller::Unknown)
        | Kind::Fragment
        | Kind::Never(_)
        | Kind::Silent(..)
        | Kind::Script
        | Kind::Dummy
        | Kind::Inert(..)
        | Kind::Unknown => return None,
        Kind::Controller(_) | Kind::Action => CONTROL,
    })
}

/// Says of every property that is not read and not as usual what it would change.
pub(super) fn note(element: &Element, ledger: &mut Ledger) {
    let Some(rows) = rows(element.kind()) else {
        return;
    };
    for property in &element.properties {
        let name = property.name.trim();
        if name == "TestPlan.comments" || name.starts_with("TestElement.") || is_usual(property) {
            continue;
        }
        let row = rows.iter().find(|(known, _)| *known == name);
        match row.map(|(_, meaning)| meaning) {
            Some(Read) => {}
            Some(Idle(why)) => ledger.property(element, property, Status::NoEffect, *why),
            Some(Matters(why)) => ledger.property(element, property, Status::NotModelled, *why),
            None => {
                let why = "this property is not known";
                ledger.property(element, property, Status::NotModelled, why);
            }
        }
    }
}

/// Whether a property says nothing, or what it says by itself.
fn is_usual(property: &Property) -> bool {
    match &property.value {
        Value::Text(text) => {
            matches!(
                text.trim(),
                "" | "false" | "0" | "0.0" | "-1" | "UTF-8" | "utf-8" | "parent"
            ) || (property.name == "batchSize" && text.trim() == "1")
        }
        Value::List(list) => list.iter().all(is_usual),
        Value::Object => true,
    }
}
