# What balancelab says, in English. Keys and variables are those of fr.ftl; a test holds
# them together. HAProxy's words (drain, UP, L7TOUT, roundrobin) stay as they are.

manual = [manual { $section }]


## why: the reasons of one request

why-title = request { $number } · { $client } · sent at { $sent }
why-instant = at { $at }

topic-asked = asked
topic-considered = considered
topic-rules = rules
topic-cookie = cookie
topic-stick = stick table
topic-algorithm = algorithm
topic-books = its books
topic-chosen = chosen
topic-waits = waits
topic-trouble = trouble
topic-forwarded = sent on
topic-answered = answered
topic-log = log
topic-time = time
topic-client = client
topic-backend = backend
topic-newcomer = a new client
topic-in-flight = in flight

why-asked = { $line }, Cookie: { $cookie }
why-asked-bare = { $line }, no cookie

why-server = { $server } { $status }, effective weight { $weight }
why-server-serves = serves { $served }
why-server-limited = serves { $served } of maxconn { $limit }
why-server-queue = { $queued } in its queue
why-server-full = full
why-server-backup = a backup server
why-server-bound = takes only those bound to it
why-server-unused = not for balancing
why-server-nothing = takes nothing

why-rules = { $by ->
    [rule] a use-server rule applies and decides
   *[other] no use-server rule applies
}

why-cookie-none = none is configured
why-cookie-passive = { $name } is only read (no letters in the log)
why-cookie-unanswered = { $name }: the proxy never answered
why-cookie-asked = { $letter ->
    [N] { $cookie } was not sent (N)
    [I] { $cookie } names no server: it does not count (I)
    [D] { $cookie } names { $server }, which cannot be reached: it does not count (D)
    [left] { $cookie } names { $server }: it counted until the request had to leave that server (D)
    [V] { $cookie } names { $server }, which can be reached: it counts (V)
    [E] { $cookie } is older than maxidle: it does not count (E)
    [O] { $cookie } is older than maxlife: it does not count (O)
    [U] { $cookie } was not looked at (U)
   *[other] { $cookie } left no trace ({ $letter })
}
why-cookie-told = { $letter ->
    [N] nothing is set (N)
    [I] a new one is set (I)
    [D] the server's own is taken out (D)
    [R] the server's own is rewritten (R)
    [U] its date is set anew (U)
    [P] the server's own is left (P)
   *[other] the answer left no trace ({ $letter })
}

why-stick = { $by ->
    [stick] the client's key has an entry: it decides
    [cookie] not needed: the cookie has decided
    [rule] not needed: a use-server rule has decided
   *[other] no entry for the client's key that could decide
}

why-algorithm = { $algorithm }: { $by ->
    [algorithm] asked
    [cookie] not asked, the cookie has decided
    [stick] not asked, the stick table has decided
    [rule] not asked, a use-server rule has decided
    [queue] not asked, a server took the request from the queue
   *[nobody] found nobody
}
why-rule = { $algorithm }

why-turns = its next turns: { $turns }
why-position = at position { $position }, in windows of { $window }
why-dues = due: { $dues }
why-due-at = { $server } at { $position }
why-due-first = { $server } next, as it had no turn in this window yet
why-due-next = { $server } in the next window
why-map-place = at place { $place } of the { $places } of its map
why-keys = the smallest key with room is taken, of equals the first: { $keys }
why-key = { $server } (key { $key })
why-first = the first with room is taken, in the order of their ids: { $order }
why-no-key = nothing to hash: the request lacks the key, or no server is usable
why-hash-of = { $key } hashes to { $hash }
why-hash = the key of the request hashes to { $hash }
why-map = the map has { $places ->
    [one] one place
   *[other] { $places } places
}: place { $place } (the remainder of the division, from 0) belongs to { $server }
why-ring = the ring has { $points ->
    [one] one point
   *[other] { $points } points
}: { $before } owns the one before ({ $back } away), { $after } the one after ({ $ahead } away); the nearer is taken
why-draws = draws { $draws }; of several servers the less loaded is taken
why-draw = { $number } ({ $server })
why-backend-queue = { $queued ->
    [one] one request waits
   *[other] { $queued } requests wait
} in the backend's queue

why-chosen = { $at }: { $server }, { $by ->
    [algorithm] by the algorithm
    [cookie] by the cookie
    [stick] by the stick table
    [rule] by a use-server rule
   *[queue] from the queue
}
why-queued-server = { $at }: in the queue of { $server }: it is full
why-queued = { $at }: in the backend's queue: nobody has room
why-dequeued = { $at }: { $server } takes it after { $waited } in the queue
why-refused = { $at }: the connection is refused
why-retried = { $at }: { $server } is tried again
why-redispatched = { $at }: the request leaves { $server } and is balanced again
why-forwarded = { $at }: to { $server }
why-answered = { $at }: { $status }
why-gave-up = { $at }: the client has no answer
why-meanwhile = until the end of the answer { $server } also finished { $checks ->
    [0] no health check
    [one] one health check
   *[other] { $checks } health checks
} and { $requests ->
    [0] no other request
    [one] one other request
   *[other] { $requests } other requests
}
why-log = { $status } { $flags } { $server }, retries { $retries }
why-timers = { $waited } lost in queues and failed attempts (Tw)
why-timer-connect = { $span } to connect (Tc)
why-timer-response = { $span } until the head of the answer (Tr)
why-timer-data = { $span } until the end of the answer (Td)
why-timer-total = { $span } in all (Ta)
why-client = { $status ->
    [0] no answer
   *[other] { $status }
} after { $elapsed }
why-client-restarted = a new session (sessionViews = 1): this server did not know the one it brought

why-backend = { $backend }
why-newcomer = without a cookie it would get { $server }, { $by ->
    [algorithm] by the algorithm
    [cookie] by the cookie
    [stick] by the stick table
    [rule] by a use-server rule
   *[queue] from the queue
}
why-newcomer-waits-for = without a cookie it would wait for { $server }
why-newcomer-waits = without a cookie it would wait in the backend's queue
why-newcomer-refused = it would get a 503 at once: no server is usable
why-in-flight = { $count ->
    [0] no request
    [one] one request
   *[other] { $count } requests
}
why-the-one = { $which ->
    [flying] the last request sent before that, still without an answer:
   *[next] the next request after that:
}
