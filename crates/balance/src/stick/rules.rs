//! `stick` rules: where a request is sent because of a table, and what the table learns
//! from it (spec: cookies, 6).

use super::sample::StickKey;
use super::table::{Reservation, StickTable};
use crate::config::{Stick, StickRule};
use crate::fetch::response_cookie;
use crate::request::{Request, Response};
use crate::time::Moment;

impl StickTable {
    /// Applies the rules to a request. To be called after the cookie was read, and when
    /// another kind of persistence has decided too: what is found stays in use, and what
    /// is to be stored is.
    ///
    /// `bound` tells which server a remembered slot stands for: the one that has its name
    /// now, if persistence may choose it. It is `None` for all if the request is assigned
    /// already. Returns the server that the table chose (the request is then direct), and the place
    /// taken for what the answer will teach; it must come back through
    /// [`learn`](Self::learn), or through [`release`](Self::release) if no server answers.
    pub(crate) fn follow(
        &mut self,
        stick: &Stick,
        now: Moment,
        request: &Request<'_>,
        bound: impl Fn(u32) -> Option<u32>,
    ) -> (Option<u32>, Option<Reservation>) {
        let (mut chosen, mut place) = (None, None);
        for rule in &stick.rules {
            let (fetch, matches, stores) = match rule {
                StickRule::Match(fetch) => (fetch, true, false),
                StickRule::StoreRequest(fetch) => (fetch, false, true),
                StickRule::On(fetch) => (fetch, true, true),
                StickRule::StoreResponse(_) => continue,
            };
            if stores && place.is_some() {
                continue;
            }
            let Some(key) = StickKey::fetched(stick, fetch, request) else {
                continue;
            };
            if matches {
                let found = self.find(stick, now, &key);
                chosen = chosen.or_else(|| bound(found?));
            }
            if stores {
                place = self.reserve(stick, now, key);
            }
        }
        (chosen, place)
    }

    /// Remembers that `slot` served the request: under the key taken when it came, and
    /// under the one that the first `store-response` rule with a key finds in the answer.
    pub(crate) fn learn(
        &mut self,
        stick: &Stick,
        now: Moment,
        place: Option<Reservation>,
        response: &Response<'_>,
        slot: u32,
    ) {
        let told = stick.rules.iter().find_map(|rule| match rule {
            StickRule::StoreResponse(name) => {
                StickKey::of_text(stick, response_cookie(response, name)?)
            }
            StickRule::Match(_) | StickRule::StoreRequest(_) | StickRule::On(_) => None,
        });
        let told = told.and_then(|key| self.reserve(stick, now, key));
        for place in place.into_iter().chain(told) {
            self.store(stick, now, place, slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Header;
    use std::vec::Vec;

    const MATCH: &str = "match req.cook(ID)";
    const ON: &str = "on req.cook(ID)";
    const STORE: &str = "store-response res.cook(ID)";

    struct Trial {
        stick: Stick,
        table: StickTable,
        now: Moment,
        down: Vec<u32>,
        turn: u32,
    }

    impl Trial {
        fn new(rules: &[&str]) -> Self {
            let words = ["type", "string", "size", "100", "expire", "3s"];
            let mut stick = Stick::parse(&words).expect("a valid line");
            for rule in rules {
                let words: Vec<&str> = rule.split(' ').collect();
                stick
                    .rules
                    .push(StickRule::parse(&words).expect("a valid line"));
            }
            Self {
                stick,
                table: StickTable::default(),
                now: Moment::ZERO,
                down: Vec::new(),
                turn: 0,
            }
        }

        /// Sends a request with `cookie` and returns its server and whether the table chose
        /// it; otherwise servers 0, 1, 2 that are not down serve in turn.
        fn send(&mut self, cookie: &str, set_cookie: Option<&str>) -> (u32, bool) {
            let sent: [Header<'_>; 1] = [("cookie", cookie)];
            let request = Request {
                headers: &sent,
                ..Request::default()
            };
            let bound = |slot: u32| (!self.down.contains(&slot)).then_some(slot);
            let (chosen, place) = self.table.follow(&self.stick, self.now, &request, bound);
            let slot = chosen.unwrap_or_else(|| {
                loop {
                    let slot = self.turn % 3;
                    self.turn += 1;
                    if !self.down.contains(&slot) {
                        return slot;
                    }
                }
            });
            let headers: Vec<Header<'_>> = set_cookie
                .map(|text| ("set-cookie", text))
                .into_iter()
                .collect();
            let response = Response {
                headers: &headers,
                ..Response::default()
            };
            self.table
                .learn(&self.stick, self.now, place, &response, slot);
            (slot, chosen.is_some())
        }
    }

    #[test]
    fn match_and_store_response_as_verified() {
        let mut trial = Trial::new(&[STORE, MATCH]);
        assert_eq!(trial.send("", Some("ID=x1; Path=/")), (0, false));
        assert_eq!(trial.send("ID=x1", None), (0, true));
        assert_eq!(trial.send("ID=x1", None), (0, true));
        assert_eq!(trial.send("ID=unknown", None), (1, false));
        assert_eq!(trial.send("ID=unknown", None), (2, false));
        trial.down = [1].into();
        assert_eq!(trial.send("ID=x1", None), (0, true));
        trial.down.clear();
        trial.now = Moment::from_millis(3000);
        assert_eq!(
            trial.send("ID=x1", None),
            (0, false),
            "expired, balanced by chance to 0"
        );
        assert_eq!(
            trial.send("ID=x1", None),
            (1, false),
            "and not stored again"
        );
    }

    #[test]
    fn on_learns_from_requests_and_moves() {
        let mut trial = Trial::new(&[STORE, ON]);
        assert_eq!(trial.send("", Some("ID=x1")), (0, false));
        assert_eq!(trial.send("ID=unk", None), (1, false));
        assert_eq!(trial.send("ID=unk", None), (1, true));
        trial.down = [0].into();
        assert_eq!(trial.send("ID=x1", None), (2, false));
        trial.down.clear();
        assert_eq!(trial.send("ID=x1", None), (2, true));
    }

    #[test]
    fn only_the_first_store_of_a_request_counts() {
        let mut trial = Trial::new(&["store-request req.cook(A)", "on req.cook(B)"]);
        assert_eq!(trial.send("B=b", None), (0, false));
        assert_eq!(
            trial.send("A=a; B=b", None),
            (1, false),
            "the second rule is skipped"
        );
        let keys = |trial: &mut Trial| {
            let text = trial
                .table
                .show(&trial.stick, trial.now, "t", None, false, |slot| {
                    (slot, std::string::String::new())
                });
            text.matches(" use=").count()
        };
        assert_eq!(keys(&mut trial), 2);
        assert_eq!(trial.send("B=b", None), (0, true));
    }

    #[test]
    fn a_decided_request_keeps_its_entry_in_use() {
        let mut trial = Trial::new(&[ON]);
        trial.send("ID=x", None);
        trial.now = Moment::from_millis(2000);
        trial.down = [0].into();
        assert_eq!(trial.send("ID=x", None), (1, false));
        trial.now = Moment::from_millis(4000);
        assert_eq!(trial.send("ID=x", None), (1, true), "refreshed at 2 s");
    }

    #[test]
    fn unanswered_requests_teach_nothing() {
        let mut trial = Trial::new(&[ON]);
        let sent: [Header<'_>; 1] = [("cookie", "ID=x")];
        let request = Request {
            headers: &sent,
            ..Request::default()
        };
        let (chosen, place) = trial.table.follow(&trial.stick, trial.now, &request, Some);
        assert_eq!(chosen, None);
        trial.table.release(place.expect("there is room"));
        assert_eq!(trial.send("ID=x", None), (0, false));
    }
}
