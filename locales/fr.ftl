# Ce que dit balancelab, en français. Les clés et les variables sont celles de en.ftl ; un
# test les compare. Les mots de HAProxy (drain, UP, L7TOUT, roundrobin) restent tels quels.

manual = [manuel { $section }]


## why : les raisons d'une requête

why-title = requête { $number } · { $client } · envoyée à { $sent }
why-instant = à { $at }

topic-asked = demande
topic-considered = examinés
topic-rules = règles
topic-cookie = cookie
topic-stick = stick table
topic-algorithm = algorithme
topic-books = ses notes
topic-chosen = choisi
topic-waits = attente
topic-trouble = incident
topic-forwarded = transmis
topic-answered = réponse
topic-log = journal
topic-time = durées
topic-client = client
topic-backend = backend
topic-newcomer = un nouveau client
topic-in-flight = en cours

why-asked = { $line }, Cookie: { $cookie }
why-asked-bare = { $line }, sans cookie

why-server = { $server } { $status }, poids effectif { $weight }
why-server-serves = sert { $served }
why-server-limited = sert { $served } sur maxconn { $limit }
why-server-queue = { $queued } dans sa file
why-server-full = plein
why-server-backup = serveur de secours (backup)
why-server-bound = ne reçoit que ceux qui lui sont attachés
why-server-unused = hors répartition
why-server-nothing = ne reçoit rien

why-rules = { $by ->
    [rule] une règle use-server s'applique et décide
   *[other] aucune règle use-server ne s'applique
}

why-cookie-none = aucun n'est configuré
why-cookie-passive = { $name } est seulement lu (pas de lettres dans le journal)
why-cookie-unanswered = { $name } : le proxy n'a jamais répondu
why-cookie-asked = { $letter ->
    [N] { $cookie } n'a pas été envoyé (N)
    [I] { $cookie } ne désigne aucun serveur : il ne compte pas (I)
    [D] { $cookie } désigne { $server }, qui n'est pas joignable : il ne compte pas (D)
    [left] { $cookie } désigne { $server } : il a compté jusqu'à ce que la requête doive quitter ce serveur (D)
    [V] { $cookie } désigne { $server }, qui est joignable : il compte (V)
    [E] { $cookie } est plus vieux que maxidle : il ne compte pas (E)
    [O] { $cookie } est plus vieux que maxlife : il ne compte pas (O)
    [U] { $cookie } n'a pas été regardé (U)
   *[other] { $cookie } n'a pas laissé de trace ({ $letter })
}
why-cookie-told = { $letter ->
    [N] rien n'est posé (N)
    [I] un nouveau est posé (I)
    [D] celui du serveur est retiré (D)
    [R] celui du serveur est réécrit (R)
    [U] sa date est renouvelée (U)
    [P] celui du serveur est laissé (P)
   *[other] la réponse n'a pas laissé de trace ({ $letter })
}

why-stick = { $by ->
    [stick] la clé du client a une entrée : elle décide
    [cookie] inutile : le cookie a décidé
    [rule] inutile : une règle use-server a décidé
   *[other] pas d'entrée pour la clé du client qui puisse décider
}

why-algorithm = { $algorithm } : { $by ->
    [algorithm] consulté
    [cookie] non consulté, le cookie a décidé
    [stick] non consulté, la stick table a décidé
    [rule] non consulté, une règle use-server a décidé
    [queue] non consulté, un serveur a pris la requête dans la file
   *[nobody] n'a trouvé personne
}
why-rule = { $algorithm }

why-turns = ses prochains tours : { $turns }
why-position = à la position { $position }, par fenêtres de { $window }
why-dues = échéances : { $dues }
why-due-at = { $server } à { $position }
why-due-first = { $server } ensuite, car il n'a pas encore eu de tour dans cette fenêtre
why-due-next = { $server } dans la fenêtre suivante
why-map-place = à la place { $place } des { $places } de sa table
why-keys = la plus petite clé qui a de la place est prise, à égalité la première : { $keys }
why-key = { $server } (clé { $key })
why-first = le premier qui a de la place est pris, dans l'ordre des id : { $order }
why-no-key = rien à hacher : la requête n'a pas la clé, ou aucun serveur n'est utilisable
why-hash-of = { $key } donne le hachage { $hash }
why-hash = la clé de la requête donne le hachage { $hash }
why-map = la table a { $places ->
    [one] une place
   *[other] { $places } places
} : la place { $place } (le reste de la division, à partir de 0) est à { $server }
why-ring = l'anneau a { $points ->
    [one] un point
   *[other] { $points } points
} : celui d'avant est à { $before } (distance { $back }), celui d'après à { $after } (distance { $ahead }) ; le plus proche est pris
why-draws = tirages : { $draws } ; de plusieurs serveurs, le moins chargé est pris
why-draw = { $number } ({ $server })
why-backend-queue = { $queued ->
    [one] une requête attend
   *[other] { $queued } requêtes attendent
} dans la file du backend

why-chosen = { $at } : { $server }, { $by ->
    [algorithm] par l'algorithme
    [cookie] par le cookie
    [stick] par la stick table
    [rule] par une règle use-server
   *[queue] depuis la file
}
why-queued-server = { $at } : dans la file de { $server } : il est plein
why-queued = { $at } : dans la file du backend : personne n'a de place
why-dequeued = { $at } : { $server } la prend après { $waited } dans la file
why-refused = { $at } : la connexion est refusée
why-retried = { $at } : nouvel essai sur { $server }
why-redispatched = { $at } : la requête quitte { $server } et est répartie à nouveau
why-forwarded = { $at } : à { $server }
why-answered = { $at } : { $status }
why-gave-up = { $at } : le client n'a pas de réponse
why-meanwhile = jusqu'à la fin de la réponse, { $server } a aussi terminé { $checks ->
    [0] aucun contrôle de santé
    [one] un contrôle de santé
   *[other] { $checks } contrôles de santé
} et { $requests ->
    [0] aucune autre requête
    [one] une autre requête
   *[other] { $requests } autres requêtes
}
why-log = { $status } { $flags } { $server }, retries { $retries }
why-timers = { $waited } perdues en files et en essais manqués (Tw)
why-timer-connect = { $span } pour se connecter (Tc)
why-timer-response = { $span } jusqu'à l'en-tête de la réponse (Tr)
why-timer-data = { $span } jusqu'à la fin de la réponse (Td)
why-timer-total = { $span } en tout (Ta)
why-client = { $status ->
    [0] pas de réponse
   *[other] { $status }
} après { $elapsed }
why-client-restarted = une nouvelle session (sessionViews = 1) : ce serveur ne connaissait pas celle qu'il apportait

why-backend = { $backend }
why-newcomer = sans cookie, il recevrait { $server }, { $by ->
    [algorithm] par l'algorithme
    [cookie] par le cookie
    [stick] par la stick table
    [rule] par une règle use-server
   *[queue] depuis la file
}
why-newcomer-waits-for = sans cookie, il attendrait { $server }
why-newcomer-waits = sans cookie, il attendrait dans la file du backend
why-newcomer-refused = il recevrait un 503 aussitôt : aucun serveur n'est utilisable
why-in-flight = { $count ->
    [0] aucune requête
    [one] une requête
   *[other] { $count } requêtes
}
why-the-one = { $which ->
    [flying] la dernière requête envoyée avant, encore sans réponse :
   *[next] la requête suivante :
}
