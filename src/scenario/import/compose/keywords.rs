//! What becomes of every key that Docker knows.

use super::super::Status;
use super::ledger::Fate;

/// A key: its name, the kinds of values it takes (`t` text, `l` list, `m` map), and what
/// becomes of it.
#[derive(Debug)]
pub(super) struct Keyword {
    pub(super) name: &'static str,
    pub(super) takes: &'static str,
    pub(super) fate: Fate,
}

/// Why a `build` of the proxy is followed.
pub(super) const BUILT: &str = "its Dockerfile says which HAProxy it is";

/// What an application is told, and what it does with it.
pub(super) const INSIDE: &str =
    "what runs inside is not looked at: how it answers is assumed (--node)";
const SPEED: &str = "it might make the application slower (--node NAME.service, NAME.workers)";
const LOOKUP: &str = "it might change which address a name has";
const DECLARED: &str = "the containers say themselves what they need of it";
const CARE: &str = "Docker's own care for the container; HAProxy asks by itself";
const RIGHTS: &str = "rights and devices change no balance";
const TALK: &str = "messages change no balance";
const START: &str = "everything has started before the clients do";

macro_rules! keywords {
    ($($status:ident $why:expr => $($name:literal $takes:literal),+;)*) => {
        &[$($(Keyword {
            name: $name,
            takes: $takes,
            fate: Fate { status: Status::$status, why: $why },
        },)+)*]
    };
}

/// The keys of a service.
const SERVICE: &[Keyword] = keywords! {
    Modelled "" =>
        "container_name" "t", "hostname" "t", "environment" "lm", "env_file" "tlm", "links" "l",
        "networks" "lm", "ports" "l", "scale" "t", "extends" "tm";
    NotModelled INSIDE =>
        "image" "t", "build" "tm", "command" "tl", "entrypoint" "tl", "volumes" "l",
        "volumes_from" "l", "configs" "l", "secrets" "l", "tmpfs" "tl", "runtime" "t",
        "platform" "t", "sysctls" "lm", "ulimits" "m", "dockerfile" "t", "net" "t",
        "network_mode" "t", "provider" "m", "models" "lm";
    NotModelled SPEED =>
        "cpus" "t", "cpuset" "t", "cpu_shares" "t", "cpu_quota" "t", "cpu_period" "t",
        "cpu_count" "t", "cpu_percent" "t", "cpu_rt_runtime" "t", "cpu_rt_period" "t",
        "mem_limit" "t", "memswap_limit" "t", "mem_swappiness" "t", "mem_reservation" "t",
        "blkio_config" "m", "shm_size" "t", "pids_limit" "t", "oom_kill_disable" "t",
        "oom_score_adj" "t", "storage_opt" "m", "gpus" "tl";
    NotModelled LOOKUP =>
        "external_links" "l", "extra_hosts" "lm", "dns" "tl", "dns_search" "tl", "dns_opt" "l",
        "domainname" "t";
    NotModelled "all services take part, whether their profile is chosen or not" =>
        "profiles" "l";
    NoEffect CARE =>
        "healthcheck" "m", "restart" "t", "init" "t", "stop_signal" "t", "stop_grace_period" "t",
        "pull_policy" "t", "post_start" "l", "pre_stop" "l", "develop" "m", "attach" "t";
    NoEffect START => "depends_on" "lm";
    NoEffect TALK =>
        "labels" "lm", "label_file" "tl", "annotations" "lm", "logging" "m", "log_driver" "t",
        "log_opt" "m", "tty" "t", "stdin_open" "t";
    NoEffect RIGHTS =>
        "cap_add" "l", "cap_drop" "l", "privileged" "t", "user" "t", "userns_mode" "t",
        "group_add" "l", "security_opt" "l", "read_only" "t", "devices" "l", "isolation" "t",
        "device_cgroup_rules" "l", "cgroup" "t", "cgroup_parent" "t", "ipc" "t", "pid" "t",
        "uts" "t", "credential_spec" "m", "use_api_socket" "t";
    NoEffect "containers of one network reach all ports of each other" => "expose" "l";
    NoEffect "addresses of the link layer change no balance" => "mac_address" "t";
    NoEffect "it only says where commands begin" => "working_dir" "t";
    Modelled "" => "deploy" "m";
};

/// The keys outermost in a file.
const TOP: &[Keyword] = keywords! {
    Modelled "" => "services" "m";
    NoEffect "it only names things" => "version" "t", "name" "t";
    NoEffect DECLARED =>
        "networks" "m", "volumes" "m", "secrets" "m", "configs" "m", "models" "m";
    NotModelled "the services in it are not known" => "include" "l";
};

/// The keys of `deploy`.
const DEPLOY: &[Keyword] = keywords! {
    Modelled "" => "replicas" "t";
    NotModelled SPEED => "resources" "m";
    NotModelled "Docker would share connections out by itself, in front of the containers" =>
        "mode" "t", "endpoint_mode" "t";
    NoEffect CARE =>
        "restart_policy" "m", "update_config" "m", "rollback_config" "m", "placement" "m";
    NoEffect TALK => "labels" "lm";
};

/// The keys of a service in one of its networks.
const NETWORK: &[Keyword] = keywords! {
    Modelled "" => "ipv4_address" "t", "ipv6_address" "t", "aliases" "l";
    NoEffect "it changes no address" =>
        "link_local_ips" "l", "mac_address" "t", "priority" "t", "gw_priority" "t",
        "driver_opts" "m", "interface_name" "t";
};

/// The parts of a file that have keys of their own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Top,
    Service,
    Deploy,
    Network,
}

impl Part {
    fn all(self) -> &'static [Keyword] {
        match self {
            Self::Top => TOP,
            Self::Service => SERVICE,
            Self::Deploy => DEPLOY,
            Self::Network => NETWORK,
        }
    }

    /// What it is called, with the word before it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Top => "a compose file",
            Self::Service => "a service",
            Self::Deploy => "`deploy`",
            Self::Network => "a network of a service",
        }
    }

    /// The key called `name`.
    pub(super) fn find(self, name: &str) -> Option<&'static Keyword> {
        self.all().iter().find(|keyword| keyword.name == name)
    }

    /// The names of all keys.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        self.all().iter().map(|keyword| keyword.name)
    }
}

/// Whether `name` is an extension, which Docker passes over: `x-...`.
pub(super) fn is_extension(name: &str) -> bool {
    name.starts_with("x-")
}
