# What balancelab says, in English. Keys and variables are those of fr.ftl; a test holds
# them together. HAProxy's words (drain, UP, L7TOUT, roundrobin) stay as they are.

manual = [manual { $section }]


## why: the reasons of one request

why-title = request { $number } · { $client } · sent at { $sent }
why-instant = at { $at }

topic-asked = asked
topic-considered = considered
topic-frontend = frontend
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

why-rule-line = line { $line }: { $rule }
why-enters = comes in through { $frontend }
why-switched = line { $line } applies, { $rule }: it goes to backend { $backend }
why-default = no use_backend rule applies: it goes to the default, backend { $backend }
why-nowhere = no use_backend rule applies, and there is no default_backend: a 503
why-stopped = line { $line } applies, { $rule }: it is answered here and goes no further

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


## explain: a whole run

in-short = In short
try-next = Try next
left-out = ... { $count } more events are left out here ...

clients = { $count } clients of { $group }
stands = { $server } is { $place }
share = { $count } to { $server }
share-all = all to { $server }
percent = { $server } { $share } %
mean = { $mean } on { $server }
a-cookie = a cookie
the-server = the server
server-backs-up = { $server } (backup)
server-weighs = { $server } (weight { $weight })

opening = HAProxy starts{ $which ->
    [some] , backend { $backend }
   *[only] {""}
}: { $algorithm } over { $servers }.
opening-many = HAProxy starts{ $which ->
    [some] , backend { $backend }
   *[only] {""}
}: { $algorithm } over { $count } servers.
opening-cookie = The cookie { $name } binds clients to servers.
opening-cookie-bare = The cookie { $name } binds nobody: no server has a value for it.
opening-stick = A stick table binds clients to servers.
opening-no-cookie = No cookie binds clients to servers.
opening-checks = Each server is asked { $request } every { $inter }: { $fall } failures in a row make it DOWN, { $rise } successes UP again.
opening-checks-tcp = Each server is connected to every { $inter }: { $fall } failures in a row make it DOWN, { $rise } successes UP again.

ending = The last answer is there: { $count ->
    [one] one request
   *[other] { $count } requests
} in { $span }.

tale-unbound = { $count ->
    [one] { $client }: { $algorithm } chooses { $to }.
   *[other] { $client }: { $algorithm } decides each of { $count } requests: { $to }.
}
tale-bare = { $count ->
    [one] { $client } has no cookie: { $algorithm } chooses { $to }.
   *[other] { $client } { $number ->
        [one] has
       *[other] have
    } no cookie: { $algorithm } decides { $count } times: { $to }.
}
tale-clearing = { $client } { $number ->
    [one] clears its cookies
   *[other] clear their cookies
} before each request: { $algorithm } decides { $count } times: { $to }.
tale-cleared = { $count ->
    [one] { $client } has cleared the cookies and comes as a new client: { $algorithm } chooses { $to }.
   *[other] { $client } { $number ->
        [one] clears
       *[other] clear
    } the cookies again and again and { $number ->
        [one] comes
       *[other] come
    } as new clients: { $algorithm } decides { $count } times: { $to }.
}
tale-dead = { $count ->
    [one] { $client } presents { $cookie }, but { $server } is { $place }: the cookie does not count, { $algorithm } chooses { $to }.
   *[other] { $client } { $number ->
        [one] presents
       *[other] present
    } { $cookie }, but { $server } is { $place }: the cookie does not count, { $algorithm } decides { $count } times: { $to }.
}
tale-unknown = { $count ->
    [one] { $client } presents { $cookie }, which names no server: { $algorithm } chooses { $to }.
   *[other] { $client } { $number ->
        [one] presents
       *[other] present
    } { $cookie }, which names no server: { $algorithm } decides { $count } times: { $to }.
}
tale-expired = { $count ->
    [one] { $client } presents { $cookie }, which is too old: it does not count, { $algorithm } chooses { $to }.
   *[other] { $client } { $number ->
        [one] presents
       *[other] present
    } { $cookie }, which is too old: it does not count, { $algorithm } decides { $count } times: { $to }.
}
tale-ignored = { $count ->
    [one] { $client } presents { $cookie }, which is not looked at: { $algorithm } chooses { $to }.
   *[other] { $client } { $number ->
        [one] presents
       *[other] present
    } { $cookie }, which is not looked at: { $algorithm } decides { $count } times: { $to }.
}
tale-kept = { $client } { $number ->
    [one] presents
   *[other] present
} { $cookie }: { $place ->
    [UP] it counts
    [DRAIN] { $server } is DRAIN, which still serves those bound to it
    [NOLB] { $server } is NOLB, which still serves those bound to it
   *[other] { $server } is { $place }, but persistence is forced
}. { $count ->
    [one] One request goes to { $server }.
   *[other] { $count } requests go to { $server }.
}
tale-stuck = The stick table leads { $client } to { $server }: { $count ->
    [one] one request.
   *[other] { $count } requests.
}
tale-ruled = A use-server rule leads { $client } to { $server }: { $count ->
    [one] one request.
   *[other] { $count } requests.
}
tale-taken = { $client } { $number ->
    [one] finds
   *[other] find
} all servers full: { $count ->
    [one] the request waits in the backend's queue, then goes to { $to }.
   *[other] { $count } requests wait in the backend's queue, then go on: { $to }.
}
tale-nobody = { $client } { $number ->
    [one] finds
   *[other] find
} no usable server: { $count ->
    [one] one request.
   *[other] { $count } requests.
}
tale-picks = { $which ->
    [all] The choices: { $picks }.
   *[first] The choices begin with { $picks }.
}
tale-out = Only { $left } can be chosen: { $out }.
tale-bound = { $count ->
    [0] The answer sets the cookie { $cookie }.
    [one] The answer sets the cookie { $cookie }: the next request follows.
   *[other] The answer sets the cookie { $cookie }: the next { $count } requests follow.
}
tale-follow = { $number ->
    [one] { $count ->
        [one] One more request follows there.
       *[other] { $count } more requests follow there.
    }
   *[other] { $count ->
        [one] One more request follows where the first one led.
       *[other] { $count } more requests follow, each where the first one of its client led.
    }
}
tale-restarted-one = The session begins again: sessionViews = 1.
tale-restarted = { $which ->
    [all] All of them begin
   *[some] { $count } of them begin
} a new session (sessionViews = 1): a node knows only the sessions it opened itself, and each new one replaces the client's cookie.
tale-waited = { $count } of { $of } waited in a queue, { $longest } at most.
tale-took = It takes { $elapsed }.
tale-times = The { $count } requests take { $mean } on average, { $longest } at most.

outcome-retried = { $count ->
    [one] The first attempt fails; a retry on { $server } succeeds.
   *[other] Their first attempts fail; retries on { $server } succeed.
}
outcome-moved = { $count ->
    [one] It has to leave { $from } and is redispatched to another server.
   *[other] They have to leave { $from } and are redispatched to another server.
}
outcome-answered = { $count ->
    [one] { $server } answers { $status }.
   *[other] { $server } answers { $status } each time.
}
outcome-gave-up = { $count ->
    [one] The client waits { $elapsed }, then gives up.
   *[other] The clients give up, after { $elapsed } at most.
}
outcome-refused = { $server } refuses the connection{ $retries ->
    [0] {""}
    [one] , again at the retry
   *[other] , again at each of { $retries } retries
}: { $count ->
    [one] after { $elapsed } the client gets a { $status }.
   *[other] each gets a { $status }, after { $elapsed } at most.
}
outcome-connect = { $server } does not answer the connection{ $retries ->
    [0] {""}
    [one] , nor at the retry
   *[other] , nor at any of { $retries } retries
}: { $count ->
    [one] after { $elapsed } the client gets a { $status }.
   *[other] each gets a { $status }, after { $elapsed } at most.
}
outcome-queue = { $count ->
    [one] Nobody takes it out of the queue in time: after { $elapsed } the client gets a { $status }.
   *[other] Nobody takes them out of the queue in time: each gets a { $status }, after { $elapsed } at most.
}
outcome-queue-full = { $count ->
    [one] The queue of { $server } is full: the client gets a { $status }.
   *[other] The queue of { $server } is full: each gets a { $status }.
}
outcome-server-timeout = { $count ->
    [one] { $server } does not answer in time (timeout server): after { $elapsed } the client gets a { $status }.
   *[other] { $server } does not answer in time (timeout server): each gets a { $status }, after { $elapsed } at most.
}
outcome-broken = { $count ->
    [one] The connection to { $server } breaks: the client gets a { $status }.
   *[other] The connections to { $server } break: each gets a { $status }.
}
outcome-nobody = { $count ->
    [one] The client gets a { $status } at once.
   *[other] Each gets a { $status } at once.
}
outcome-other = { $count ->
    [one] It ends with { $status } ({ $flags } in the log).
   *[other] Each ends with { $status } ({ $flags } in the log).
}

deed-command = The operator types "{ $command }".
deed-reply = The reply: { $reply }
deed-delay = { $node } is told to sleep { $delay } before each answer, health checks included (POST /delay).
deed-no-delay = { $node } is told not to sleep any more (POST /delay).
deed-stop = { $node } stops: { $how ->
    [vanished] its address answers nothing any more.
   *[refusing] its port refuses connections.
}
deed-start = { $node } starts again, with empty memory.
deed-status = { $node } answers { $status } from now on.

turned = { $server } goes from { $from } to { $place }: { $place ->
    [UP] it takes new requests again; whoever is bound elsewhere stays there.
    [DRAIN] { $bound ->
        [yes] it keeps those who are bound to it and takes nobody new.
       *[no] it takes nobody new.
    }
    [NOLB] { $bound ->
        [yes] it keeps those who are bound to it and takes nobody new.
       *[no] it takes nobody new.
    }
    [MAINT] it takes nothing at all, and is not checked.
   *[other] it takes nothing.
}
turned-along = It tracks { $other }: { $turned }
nobody-left = No server of { $backend } is left: every request gets a 503.

check-fails = Check of { $server } fails { $number }/{ $of }: { $verdict } ({ $code }).
verdict = { $code ->
    [L7TOUT] no answer within { $duration }
    [L4TOUT] no connection within { $duration }
    [L4CON] the connection is refused
    [L7STS] it answers { $status }
    [L7RSP] no valid answer
   *[other] after { $duration }
}
check-busy = { $server } does one thing at a time, and the check came while { $with ->
    [check] an earlier one was still being answered.
   *[request] a request was being answered.
}
check-step = { $at }: { $number }/{ $of }.
check-down = { $how ->
    [at-once] One failure is enough for a server that has just started: { $server } goes DOWN.
   *[counted] { $server } goes DOWN.
}
check-recovers = { $at }: a check passes, and the count begins anew.
check-passes = Check of { $server } passes { $number }/{ $of }.
check-up = { $server } is UP again.
checks-again = Checks of { $server } failed in a row { $count ->
    [one] one more time
   *[other] { $count } more times
}, in the same way.

survivors = { $count ->
    [one] The request of { $client } that { $server } was working on ends well: { $place } does not cut it off.
   *[other] The { $count } requests that { $server } was working on end well, the last at { $last }: { $place } does not cut them off.
}
survivors-cut = { $count ->
    [one] The request of { $client } that { $server } was working on when it went { $place } fails there.
   *[other] Of the { $count } requests that { $server } was working on when it went { $place }, { $failed } fail there.
}
queue-server = { $client } has to wait: { $server } is full (maxconn { $maxconn }).
queue-backend = { $client } has to wait in the backend's queue: every usable server is full.
queue-sums = In all, { $count ->
    [one] one request waits
   *[other] { $count } requests wait
} there, up to { $most } at a time, { $longest } at most.


## explain: in short

short-nothing = Nobody sent a request.
short-errors = { $count ->
    [one] One of { $total } requests failed.
   *[other] { $count } of { $total } requests failed.
}
cause-answered = { $which ->
    [all] The reason
   *[some] { $count } of them
}: the node itself answered with an error.
cause-gave-up = { $which ->
    [all] The reason
   *[some] { $count } of them
}: the client waited no longer.
cause-nobody = { $which ->
    [all] The reason
   *[some] { $count } of them
}: no server was usable.
cause-refused = { $which ->
    [all] The reason
   *[some] { $count } of them
}: being sent to a server that refused the connection and was not DOWN for HAProxy yet.
cause-connect = { $which ->
    [all] The reason
   *[some] { $count } of them
}: being sent to a server that no longer answered and was not DOWN for HAProxy yet.
cause-queue = { $which ->
    [all] The reason
   *[some] { $count } of them
}: no room in the queues, or not in time.
cause-timeout = { $which ->
    [all] The reason
   *[some] { $count } of them
}: the server took longer than timeout server.
cause-broken = { $which ->
    [all] The reason
   *[some] { $count } of them
}: the connection to the server broke.
short-fine = No errors.
short-fine-slow = No errors, because slow is not broken: { $server } went DOWN for HAProxy, but answered all it was given.
short-fine-known = No errors, because HAProxy knew before the first request that { $server } was DOWN.
short-fine-operated = No errors: the operator took { $server } out of balancing, and no request was cut off.
short-fine-saved = No errors, because failed attempts were repeated.

short-shares = The shares: { $shares }.
short-kept = { $algorithm } chose { $placed ->
    [one] once
   *[other] { $placed } times
}, persistence { $kept ->
    [one] once
   *[other] { $kept } times
}: the shares ({ $shares }) follow the clients, each with all its requests, not { $algorithm }.
short-both = { $algorithm } chose { $placed ->
    [one] once
   *[other] { $placed } times
}, persistence { $kept ->
    [one] once
   *[other] { $kept } times
}: { $shares }.
short-placed = { $algorithm } alone decided: { $shares }.
short-queued = { $algorithm } chose { $placed ->
    [one] once
   *[other] { $placed } times
}, and servers took { $queued ->
    [one] one request
   *[other] { $queued } requests
} from the queue: { $shares }.
rule-turns = It goes round by weight, and the weights are { $weights }.
rule-turns-out = It goes round by weight, but not every server could be chosen all the time.
rule-turns-few = It goes round by weight; it does so the more exactly the more often it is asked.
rule-leastconn = It goes by the requests under way{ $which ->
    [even] . Servers that are equally fast come out nearly even.
   *[uneven] : a slow server holds its requests longer, so it is chosen less often.
}
rule-first-enough = It fills one server before it turns to the next: { $clients ->
    [one] one client has
   *[other] { $clients } clients have
} no more requests under way than { $server } has room for (maxconn { $maxconn }).
rule-first = It fills one server, beginning with { $server }, before it turns to the next.
rule-random = It draws { $draws ->
    [one] one place
   *[other] { $draws } places
} on the ring of consistent hashing for each request, and takes the least loaded of the servers met there. How much of the ring a server owns follows its weight only roughly.
rule-source = { $which ->
    [one] It hashes the client's address, and all clients have the same one: they share a server.
   *[many] It hashes the client's address: all requests of an address go to one server.
}
rule-hash-none = It hashes a part of the request that no request has: without it, servers are taken in turn.
rule-hash = It hashes a part of the request: equal keys go to the same server.

short-down = { $server } went DOWN at { $at }{ $times ->
    [one] {""}
   *[other] , for the first of { $times } times
}: its checks failed ({ $code }).
short-down-busy = { $server } went DOWN at { $at }{ $times ->
    [one] {""}
   *[other] , for the first of { $times } times
}: a check has { $budget }, and waits its turn behind a request.
short-down-slow = { $server } went DOWN at { $at }{ $times ->
    [one] {""}
   *[other] , for the first of { $times } times
}: a check has { $budget }, and { $server } needs longer.
short-up = { $server } is slow but stays UP: its slowest check took { $slowest } of the { $budget } it has.
short-one-at-a-time = { $server } does one thing at a time and sleeps { $delay } over each request and each check: whoever comes meanwhile waits, { $longest } at most until the answer.
short-sessions-kept = No session began again: everybody stayed where the session is.
short-sessions-lost = { $count ->
    [one] One session
   *[other] { $count } sessions
} began again: nothing binds a client to the node that has its session.
short-sessions-few = { $count ->
    [one] One session began again: its client came to another node.
   *[other] { $count } sessions began again: their clients came to another node.
}
short-means = A request takes { $means }, on average.


## explain: try next

next-check-timeout = Checks get more time. Does { $server } stay UP, and how long does the run take then?
next-fall = Twice as many checks must fail. How long does { $server } stay in, and whom does that help?
next-keep = The clients keep their cookies. Who decides now, and what becomes of the shares?
next-clear = The clients clear their cookies before each request. What becomes of the shares?
next-threads = { $count } clients at once. What becomes of times and shares?
next-delay = { $node } gets slow. Who notices?
next-retries = A failed connection is not tried again. How long does an error take then?
next-sticky = A cookie binds each client. Do the sessions go on, and what becomes of the shares?
next-leastconn = Does the slow server get fewer requests, and what becomes of the mean?
next-roundrobin = The weights decide again. What becomes of the mean?
next-maxconn = Each server takes one request at a time. Who gets something to do now?
next-uri = The page is hashed instead of the address. Does that share the load?
next-random = One draw instead of two. Does it come out more evenly?
next-weight = { $server } weighs three times as much. { $which ->
    [kept] Whom does that concern?
   *[free] Which share does it get?
}
next-deed = { $which ->
    [drain] DRAIN instead of MAINT. Who stays, and whose session goes on?
   *[maint] MAINT instead of DRAIN. Who has to move, and what becomes of the session?
}
