//! What an expression can see while a request passes the rules.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::backend::Backend;
use crate::counter::{Asked, Question, Tracking};
use crate::expression::{Origin, Value};
use crate::ids::BackendId;
use crate::request::Request;
use crate::route::{Bind, Frontend};
use crate::server::Server;

/// The values that `set-var` rules kept for this request.
pub(crate) type Variables = BTreeMap<String, Value<'static>>;

/// The request as it is now, and the balancer around it.
pub(crate) struct Scene<'a> {
    pub(crate) request: Request<'a>,
    pub(crate) backends: &'a [Backend],
    /// Where the client came in, unless it was sent straight to a backend.
    pub(crate) door: Option<(&'a Frontend, &'a Bind)>,
    /// The backend that was chosen, once one is.
    pub(crate) backend: Option<BackendId>,
    pub(crate) variables: &'a Variables,
    /// The counters, and what the request tracks.
    pub(crate) tracking: &'a Tracking,
    /// Draws a number below the one it is given.
    pub(crate) draw: &'a dyn Fn(u64) -> u64,
}

impl<'a> Scene<'a> {
    fn backend(&self, id: BackendId) -> Option<&'a Backend> {
        self.backends.get(id.0 as usize)
    }

    fn server(&self, id: BackendId, name: &str) -> Option<&'a Server> {
        let backend = self.backend(id)?;
        let slot = backend.slot_named(name)?;
        backend.servers.get(slot as usize)
    }

    /// The value of what the request does not say itself.
    pub(crate) fn state(&self, origin: &Origin) -> Option<Value<'a>> {
        let number = |number: u32| Some(Value::Int(i64::from(number)));
        let text = |text: &'a str| Some(Value::Text(Cow::Borrowed(text)));
        match origin {
            Origin::Rand(below) => {
                let drawn = (self.draw)(u64::from(*below));
                Some(Value::Int(drawn as i64))
            }
            Origin::Port => number(u32::from(self.door?.1.port)),
            Origin::Secure => Some(Value::Bool(self.door.is_some_and(|(_, bind)| bind.ssl))),
            Origin::FrontendName => text(&self.door?.0.name),
            Origin::BackendName => text(&self.backend(self.backend?)?.config.name),
            Origin::Usable(id) => number(self.backend(*id)?.farm.used()),
            Origin::Connections(id) => {
                // The request counts from the moment its backend is chosen.
                let own = u32::from(self.backend == Some(*id));
                number(self.backend(*id)?.farm.connections + own)
            }
            Origin::Queued(id) => number(self.backend(*id)?.farm.waiting()),
            Origin::QueuedEach(id) => {
                let farm = &self.backend(*id)?.farm;
                let usable = farm.used();
                number(match usable {
                    0 => farm.waiting(),
                    _ => farm.waiting().div_ceil(usable),
                })
            }
            Origin::IsUp(id, name) => {
                let server = self.server(*id, name)?;
                Some(Value::Bool(!server.is_stopped()))
            }
            Origin::ServerConnections(id, name) => number(self.server(*id, name)?.connections),
            Origin::ServerQueue(id, name) => number(self.server(*id, name)?.queue.len()),
            Origin::Counter(asked, question) => {
                let counted = match asked {
                    Asked::Tracked(slot, other) => {
                        self.tracking.of_tracked(*slot, *other, *question)
                    }
                    Asked::Key(key, table) => {
                        let key = key.value(self)?;
                        self.tracking.of_key(&key, *table, *question)
                    }
                };
                match question {
                    Question::Known => Some(Value::Bool(counted? != 0)),
                    _ => number(counted?),
                }
            }
            _ => None,
        }
    }
}
