//! Persistence: what binds a client to a server.

pub(crate) mod cookie {
    //! The persistence cookie.

    /// What a request's cookie said.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub(crate) struct CookieState;

    impl CookieState {
        /// The request left the server its cookie names.
        pub(crate) fn redispatched(&mut self) {}
    }
}
