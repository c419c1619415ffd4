//! JMeter's elements by name, and what each of them is to a simulation.

use crate::scenario::import::Status;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plan,
    Group(Group),
    Fragment,
    /// What is never run as part of a test, with its children.
    Never(&'static str),
    Http,
    /// A sampler that sends nothing through the proxy.
    Silent(Status, &'static str),
    /// A sampler that runs a script, which may set variables.
    Script,
    Dummy,
    Action,
    Controller(Controller),
    Timer(Timer),
    Extract(Extract),
    Defaults,
    Cookies,
    Headers,
    Variables,
    Csv,
    Counter,
    RandomVariable,
    UserParameters,
    /// Everything else that does nothing here.
    Inert(Status, &'static str),
    Unknown,
}

/// The kinds of thread groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Setup,
    Plain,
    TearDown,
    Ultimate,
    Stepping,
    Concurrency,
    /// A plugin's that is not followed.
    Other,
}

/// The logic controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    Simple,
    Transaction,
    Critical,
    Loop,
    While,
    Runtime,
    ForEach,
    If,
    Once,
    Throughput,
    Random,
    RandomOrder,
    Interleave,
    Switch,
    Module,
    Include,
    Parameterized,
    Unknown,
}

/// The timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    Constant,
    Uniform,
    Gaussian,
    Poisson,
    Throughput,
    Precise,
}

/// What takes values out of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extract {
    Regex,
    Json,
    JsonPlugin,
    Boundary,
}

impl Kind {
    /// Whether it has its turn among others: a sampler or a controller.
    pub(super) fn is_step(self) -> bool {
        matches!(
            self,
            Self::Controller(_)
                | Self::Http
                | Self::Silent(..)
                | Self::Script
                | Self::Dummy
                | Self::Action
        )
    }
}

const SHOWS: &str = "it only shows or saves results";
const JUDGES: &str = "it judges answers: samples may fail in JMeter's reports, requests go on";
const OTHER_PROTOCOL: &str = "it sends nothing over HTTP to the proxy; how long it takes is not known, the thread goes on at once";
const SCRIPTED: &str = "a script, which is not run";
const NO_BODY: &str = "the simulated answers have nothing for it";

/// Names of classes without their package, with what they are.
const KINDS: &[(&[&str], Kind)] = &[
    (&["TestPlan"], Kind::Plan),
    (&["ThreadGroup"], Kind::Group(Group::Plain)),
    (&["SetupThreadGroup"], Kind::Group(Group::Setup)),
    (&["PostThreadGroup"], Kind::Group(Group::TearDown)),
    (&["UltimateThreadGroup"], Kind::Group(Group::Ultimate)),
    (&["SteppingThreadGroup"], Kind::Group(Group::Stepping)),
    (&["ConcurrencyThreadGroup"], Kind::Group(Group::Concurrency)),
    (&["TestFragmentController"], Kind::Fragment),
    (
        &["WorkBench"],
        Kind::Never("the workbench is not part of the test"),
    ),
    (
        &["ProxyControl", "HttpMirrorControl", "NonTestElement"],
        Kind::Never("it is a tool beside the test, not part of it"),
    ),
    (
        &[
            "HTTPSamplerProxy",
            "HTTPSampler",
            "HTTPSampler2",
            "HTTPSampler3",
        ],
        Kind::Http,
    ),
    (
        &["BeanShellSampler", "JSR223Sampler", "BSFSampler"],
        Kind::Script,
    ),
    (
        &["DummySampler", "DummySubresultGeneratingSampler"],
        Kind::Dummy,
    ),
    (&["TestAction"], Kind::Action),
    (
        &["DebugSampler"],
        Kind::Silent(
            Status::NoEffect,
            "it sends nothing; JMeter counts it as a sample",
        ),
    ),
    (
        &[
            "JDBCSampler",
            "JavaSampler",
            "TCPSampler",
            "FTPSampler",
            "LDAPSampler",
            "LDAPExtSampler",
            "JMSSampler",
            "PublisherSampler",
            "SubscriberSampler",
            "JUnitSampler",
            "MailReaderSampler",
            "SmtpSampler",
            "SystemSampler",
            "UDPSampler",
            "MongoScriptSampler",
            "AjpSampler",
            "BoltSampler",
        ],
        Kind::Silent(Status::NotModelled, OTHER_PROTOCOL),
    ),
    (
        &[
            "SoapSampler",
            "WebServiceSampler",
            "HTTPRawSampler",
            "AccessLogSampler",
            "HTTP2Sampler",
            "HTTP2Request",
        ],
        Kind::Silent(
            Status::NotModelled,
            "its requests are not read from the plan: nothing is sent",
        ),
    ),
    (
        &["WebDriverSampler"],
        Kind::Silent(
            Status::NotModelled,
            "what a browser does under its script is not known: nothing is sent",
        ),
    ),
    (
        &["GenericController", "RecordingController"],
        Kind::Controller(Controller::Simple),
    ),
    (
        &["TransactionController"],
        Kind::Controller(Controller::Transaction),
    ),
    (
        &["CriticalSectionController"],
        Kind::Controller(Controller::Critical),
    ),
    (&["LoopController"], Kind::Controller(Controller::Loop)),
    (&["WhileController"], Kind::Controller(Controller::While)),
    (&["RunTime"], Kind::Controller(Controller::Runtime)),
    (
        &["ForeachController"],
        Kind::Controller(Controller::ForEach),
    ),
    (&["IfController"], Kind::Controller(Controller::If)),
    (&["OnceOnlyController"], Kind::Controller(Controller::Once)),
    (
        &["ThroughputController"],
        Kind::Controller(Controller::Throughput),
    ),
    (&["RandomController"], Kind::Controller(Controller::Random)),
    (
        &["RandomOrderController"],
        Kind::Controller(Controller::RandomOrder),
    ),
    (
        &["InterleaveControl"],
        Kind::Controller(Controller::Interleave),
    ),
    (&["SwitchController"], Kind::Controller(Controller::Switch)),
    (&["ModuleController"], Kind::Controller(Controller::Module)),
    (
        &["IncludeController"],
        Kind::Controller(Controller::Include),
    ),
    (
        &["ParameterizedController"],
        Kind::Controller(Controller::Parameterized),
    ),
    (&["ConstantTimer"], Kind::Timer(Timer::Constant)),
    (&["UniformRandomTimer"], Kind::Timer(Timer::Uniform)),
    (&["GaussianRandomTimer"], Kind::Timer(Timer::Gaussian)),
    (&["PoissonRandomTimer"], Kind::Timer(Timer::Poisson)),
    (&["ConstantThroughputTimer"], Kind::Timer(Timer::Throughput)),
    (&["PreciseThroughputTimer"], Kind::Timer(Timer::Precise)),
    (
        &["SyncTimer"],
        Kind::Inert(
            Status::NotModelled,
            "threads do not wait for one another: requests come less at once",
        ),
    ),
    (
        &["BeanShellTimer", "JSR223Timer", "BSFTimer"],
        Kind::Inert(
            Status::NotModelled,
            "a script, which is not run: no time passes",
        ),
    ),
    (
        &["VariableThroughputTimer"],
        Kind::Inert(
            Status::NotModelled,
            "the rate is not held: requests come as fast as threads send them",
        ),
    ),
    (&["RegexExtractor"], Kind::Extract(Extract::Regex)),
    (
        &["JSONPostProcessor", "JMESPathExtractor"],
        Kind::Extract(Extract::Json),
    ),
    (&["JSONPathExtractor"], Kind::Extract(Extract::JsonPlugin)),
    (&["BoundaryExtractor"], Kind::Extract(Extract::Boundary)),
    (
        &["XPathExtractor", "XPath2Extractor", "HtmlExtractor"],
        Kind::Inert(
            Status::NotModelled,
            "the simulated answers are JSON: it finds nothing",
        ),
    ),
    (&["CookieManager"], Kind::Cookies),
    (&["HeaderManager"], Kind::Headers),
    (&["Arguments"], Kind::Variables),
    (&["CSVDataSet"], Kind::Csv),
    (&["CounterConfig"], Kind::Counter),
    (&["RandomVariableConfig"], Kind::RandomVariable),
    (&["UserParameters"], Kind::UserParameters),
    (
        &["AuthManager"],
        Kind::Inert(
            Status::NotModelled,
            "the Authorization header is not sent; a rule that asks for it sees none",
        ),
    ),
    (
        &["CacheManager"],
        Kind::Inert(
            Status::NoEffect,
            "the simulated answers may not be kept, so nothing is left out",
        ),
    ),
    (
        &["DNSCacheManager", "KeystoreConfig", "LoginConfig"],
        Kind::Inert(
            Status::NoEffect,
            "names and certificates play no role in the simulation",
        ),
    ),
    (
        &[
            "JDBCDataSource",
            "JavaConfig",
            "TCPConfig",
            "FTPConfig",
            "MongoSourceElement",
            "BoltConnectionElement",
        ],
        Kind::Inert(
            Status::NoEffect,
            "a setting for samplers that send nothing over HTTP",
        ),
    ),
    (
        &[
            "ChromeDriverConfig",
            "FirefoxDriverConfig",
            "HtmlUnitDriverConfig",
            "RemoteDriverConfig",
            "InternetExplorerDriverConfig",
        ],
        Kind::Inert(
            Status::NoEffect,
            "a setting for samplers that send nothing by themselves",
        ),
    ),
    (
        &[
            "ResponseAssertion",
            "DurationAssertion",
            "SizeAssertion",
            "JSONPathAssertion",
            "JMESPathAssertion",
            "XPathAssertion",
            "XPath2Assertion",
            "XMLAssertion",
            "XMLSchemaAssertion",
            "HTMLAssertion",
            "MD5HexAssertion",
            "CompareAssertion",
            "SMIMEAssertion",
            "BeanShellAssertion",
            "JSR223Assertion",
            "BSFAssertion",
        ],
        Kind::Inert(Status::NoEffect, JUDGES),
    ),
    (
        &[
            "ResultCollector",
            "CorrectedResultCollector",
            "Summariser",
            "ResultSaver",
            "MailerResultCollector",
            "BackendListener",
            "PerfMonCollector",
            "CompositeResultCollector",
            "FlexibleFileWriter",
            "ConsoleStatusLogger",
            "LoadosophiaUploader",
            "GraphsGeneratorListener",
            "JMXMonCollector",
            "DbMonCollector",
            "BeanShellListener",
            "JSR223Listener",
            "BSFListener",
            "DebugPostProcessor",
            "ViewResultsFullVisualizer",
            "BlazeMeterUploader",
            "SynthesisReport",
        ],
        Kind::Inert(Status::NoEffect, SHOWS),
    ),
    (
        &["ResultAction"],
        Kind::Inert(
            Status::NotModelled,
            "what follows a failed sample is not followed here; the thread group's own setting is",
        ),
    ),
    (
        &["AutoStop"],
        Kind::Inert(Status::NotModelled, "the test is not stopped early"),
    ),
    (
        &["SampleTimeout"],
        Kind::Inert(
            Status::NotModelled,
            "requests are not given up after this time",
        ),
    ),
    (
        &[
            "URLRewritingModifier",
            "AnchorModifier",
            "RegExUserParameters",
            "HTMLParameterMask",
            "URLRewriter",
            "ParamModifier",
        ],
        Kind::Inert(Status::NoEffect, NO_BODY),
    ),
    (
        &[
            "BeanShellPreProcessor",
            "JSR223PreProcessor",
            "BSFPreProcessor",
            "BeanShellPostProcessor",
            "JSR223PostProcessor",
            "BSFPostProcessor",
        ],
        Kind::Inert(Status::NotModelled, SCRIPTED),
    ),
    (
        &[
            "JDBCPreProcessor",
            "JDBCPostProcessor",
            "RawRequestSourcePreProcessor",
            "FifoPutPostProcessor",
            "FifoPopPreProcessor",
        ],
        Kind::Inert(
            Status::NotModelled,
            "it is not run; variables it would set have no value",
        ),
    ),
];

/// A class without its package.
pub(super) fn short(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// What an element with this tag, `testclass` and `guiclass` is.
pub(super) fn of(tag: &str, class: &str, gui: &str) -> Kind {
    let (tag, class) = (short(tag), short(class));
    if tag == "ConfigTestElement" {
        return match short(gui) {
            "HttpDefaultsGui" | "UrlConfigGui" => Kind::Defaults,
            _ => Kind::Inert(
                Status::NoEffect,
                "defaults for samplers that send nothing over HTTP",
            ),
        };
    }
    let known = |name: &str| KINDS.iter().find(|(names, _)| names.contains(&name));
    let found = known(tag).or_else(|| known(class));
    found.map_or_else(|| guessed(tag, class), |(_, kind)| *kind)
}

/// What the name of a plugin's class says.
fn guessed(short: &str, class: &str) -> Kind {
    let ends = |ending: &str| short.ends_with(ending) || class.ends_with(ending);
    if ends("ThreadGroup") {
        Kind::Group(Group::Other)
    } else if ends("Controller") || ends("Control") {
        Kind::Controller(Controller::Unknown)
    } else if ends("Sampler") {
        Kind::Silent(
            Status::NotModelled,
            "this sampler is not known: nothing is sent, the thread goes on at once",
        )
    } else if ends("Listener") || ends("Collector") || ends("Visualizer") {
        Kind::Inert(Status::NoEffect, SHOWS)
    } else if ends("Assertion") {
        Kind::Inert(Status::NoEffect, JUDGES)
    } else {
        Kind::Unknown
    }
}
