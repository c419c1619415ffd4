# Ce que dit balancelab, en français. Les clés et les variables sont celles de en.ftl ; un
# test les compare. Les mots de HAProxy (drain, UP, L7TOUT, roundrobin) restent tels quels.

manual = [manuel { $section }]


## why : les raisons d'une requête

why-title = requête { $number } · { $client } · envoyée à { $sent }
why-instant = à { $at }

topic-asked = demande
topic-considered = examinés
topic-frontend = frontend
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

why-rule-line = ligne { $line } : { $rule }
why-enters = entre par { $frontend }
why-switched = la ligne { $line } s'applique, { $rule } : elle va au backend { $backend }
why-default = aucune règle use_backend ne s'applique : elle va à celui par défaut, le backend { $backend }
why-nowhere = aucune règle use_backend ne s'applique, et il n'y a pas de default_backend : un 503
why-stopped = la ligne { $line } s'applique, { $rule } : il y est répondu ici et elle ne va pas plus loin

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
why-no-key = rien dont calculer le hachage : la requête n'a pas la clé, ou aucun serveur n'est utilisable
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


## explain : un essai entier

in-short = En bref
try-next = À essayer
left-out = ... { $count } autres événements sont laissés de côté ici ...

clients = { $count } clients de { $group }
stands = { $server } est { $place }
share = { $count } pour { $server }
share-all = toutes pour { $server }
percent = { $server } { $share } %
mean = { $mean } sur { $server }
a-cookie = un cookie
the-server = le serveur
server-backs-up = { $server } (backup)
server-weighs = { $server } (poids { $weight })

opening = HAProxy démarre{ $which ->
    [some] , backend { $backend }
   *[only] {""}
} : { $algorithm } sur { $servers }.
opening-many = HAProxy démarre{ $which ->
    [some] , backend { $backend }
   *[only] {""}
} : { $algorithm } sur { $count } serveurs.
opening-cookie = Le cookie { $name } attache les clients aux serveurs.
opening-cookie-bare = Le cookie { $name } ne lie personne : aucun serveur n'a de valeur pour lui.
opening-stick = Une stick table attache les clients aux serveurs.
opening-no-cookie = Aucun cookie n'attache les clients aux serveurs.
opening-checks = Chaque serveur reçoit { $request } toutes les { $inter } : { $fall } échecs de suite le font passer DOWN, { $rise } réussites de nouveau UP.
opening-checks-tcp = HAProxy se connecte à chaque serveur toutes les { $inter } : { $fall } échecs de suite le font passer DOWN, { $rise } réussites de nouveau UP.

ending = La dernière réponse est arrivée : { $count ->
    [one] une requête
   *[other] { $count } requêtes
} en { $span }.

tale-unbound = { $count ->
    [one] { $client } : { $algorithm } choisit { $to }.
   *[other] { $client } : { $algorithm } décide pour chacune des { $count } requêtes : { $to }.
}
tale-bare = { $count ->
    [one] { $client } n'a pas de cookie : { $algorithm } choisit { $to }.
   *[other] { $client } { $number ->
        [one] n'a pas
       *[other] n'ont pas
    } de cookie : { $algorithm } décide { $count } fois : { $to }.
}
tale-clearing = { $client } { $number ->
    [one] efface ses cookies
   *[other] effacent leurs cookies
} avant chaque requête : { $algorithm } décide { $count } fois : { $to }.
tale-cleared = { $count ->
    [one] { $client } a effacé ses cookies et arrive comme un nouveau client : { $algorithm } choisit { $to }.
   *[other] { $client } { $number ->
        [one] efface ses cookies
       *[other] effacent leurs cookies
    } à plusieurs reprises et { $number ->
        [one] arrive chaque fois comme un nouveau client
       *[other] arrivent chaque fois comme de nouveaux clients
    } : { $algorithm } décide { $count } fois : { $to }.
}
tale-dead = { $count ->
    [one] { $client } présente { $cookie }, mais { $server } est { $place } : le cookie ne compte pas, { $algorithm } choisit { $to }.
   *[other] { $client } { $number ->
        [one] présente
       *[other] présentent
    } { $cookie }, mais { $server } est { $place } : le cookie ne compte pas, { $algorithm } décide { $count } fois : { $to }.
}
tale-unknown = { $count ->
    [one] { $client } présente { $cookie }, qui ne désigne aucun serveur : { $algorithm } choisit { $to }.
   *[other] { $client } { $number ->
        [one] présente
       *[other] présentent
    } { $cookie }, qui ne désigne aucun serveur : { $algorithm } décide { $count } fois : { $to }.
}
tale-expired = { $count ->
    [one] { $client } présente { $cookie }, qui est trop vieux : il ne compte pas, { $algorithm } choisit { $to }.
   *[other] { $client } { $number ->
        [one] présente
       *[other] présentent
    } { $cookie }, qui est trop vieux : il ne compte pas, { $algorithm } décide { $count } fois : { $to }.
}
tale-ignored = { $count ->
    [one] { $client } présente { $cookie }, qui n'est pas regardé : { $algorithm } choisit { $to }.
   *[other] { $client } { $number ->
        [one] présente
       *[other] présentent
    } { $cookie }, qui n'est pas regardé : { $algorithm } décide { $count } fois : { $to }.
}
tale-kept = { $client } { $number ->
    [one] présente
   *[other] présentent
} { $cookie } : { $place ->
    [UP] il compte
    [DRAIN] { $server } est DRAIN et sert encore ceux qui lui sont attachés
    [NOLB] { $server } est NOLB et sert encore ceux qui lui sont attachés
   *[other] { $server } est { $place }, mais la persistance est forcée
}. { $count ->
    [one] Une requête va à { $server }.
   *[other] { $count } requêtes vont à { $server }.
}
tale-stuck = La stick table mène { $client } à { $server } : { $count ->
    [one] une requête.
   *[other] { $count } requêtes.
}
tale-ruled = Une règle use-server mène { $client } à { $server } : { $count ->
    [one] une requête.
   *[other] { $count } requêtes.
}
tale-taken = { $client } { $number ->
    [one] trouve
   *[other] trouvent
} tous les serveurs pleins : { $count ->
    [one] la requête attend dans la file du backend, puis va à { $to }.
   *[other] { $count } requêtes attendent dans la file du backend, puis continuent : { $to }.
}
tale-nobody = { $client } { $number ->
    [one] ne trouve
   *[other] ne trouvent
} aucun serveur utilisable : { $count ->
    [one] une requête.
   *[other] { $count } requêtes.
}
tale-picks = { $which ->
    [all] Les choix : { $picks }.
   *[first] Les choix commencent par { $picks }.
}
tale-out = Il ne reste à choisir que { $left } : { $out }.
tale-bound = { $count ->
    [0] La réponse pose le cookie { $cookie }.
    [one] La réponse pose le cookie { $cookie } : la requête suivante le suit.
   *[other] La réponse pose le cookie { $cookie } : les { $count } requêtes suivantes le suivent.
}
tale-follow = { $number ->
    [one] { $count ->
        [one] Une autre requête y va ensuite.
       *[other] { $count } autres requêtes y vont ensuite.
    }
   *[other] { $count ->
        [one] Une autre requête suit la première de son client.
       *[other] { $count } autres requêtes suivent, chacune là où la première de son client a été menée.
    }
}
tale-restarted-one = La session recommence : sessionViews = 1.
tale-restarted = { $which ->
    [all] Toutes commencent
   *[some] { $count } d'entre elles commencent
} une nouvelle session (sessionViews = 1) : un nœud ne connaît que les sessions qu'il a ouvertes lui-même, et chaque nouvelle remplace le cookie du client.
tale-waited = { $count } sur { $of } ont attendu dans une file, { $longest } au plus.
tale-took = Elle dure { $elapsed }.
tale-times = Les { $count } requêtes durent { $mean } en moyenne, { $longest } au plus.

outcome-retried = { $count ->
    [one] Le premier essai échoue ; un nouvel essai sur { $server } réussit.
   *[other] Les premiers essais échouent ; de nouveaux essais sur { $server } réussissent.
}
outcome-moved = { $count ->
    [one] Elle doit quitter { $from } et est redirigée vers un autre serveur (redispatch).
   *[other] Elles doivent quitter { $from } et sont redirigées vers un autre serveur (redispatch).
}
outcome-answered = { $count ->
    [one] { $server } répond { $status }.
   *[other] { $server } répond chaque fois { $status }.
}
outcome-gave-up = { $count ->
    [one] Le client attend { $elapsed }, puis abandonne.
   *[other] Les clients abandonnent, après { $elapsed } au plus.
}
outcome-refused = { $server } refuse la connexion{ $retries ->
    [0] {""}
    [one] , aussi au nouvel essai
   *[other] , aussi à chacun des { $retries } nouveaux essais
} : { $count ->
    [one] après { $elapsed }, le client reçoit un { $status }.
   *[other] chaque client reçoit un { $status }, après { $elapsed } au plus.
}
outcome-connect = { $server } ne répond pas à la connexion{ $retries ->
    [0] {""}
    [one] , ni au nouvel essai
   *[other] , ni à aucun des { $retries } nouveaux essais
} : { $count ->
    [one] après { $elapsed }, le client reçoit un { $status }.
   *[other] chaque client reçoit un { $status }, après { $elapsed } au plus.
}
outcome-queue = { $count ->
    [one] Personne ne la prend à temps dans la file : après { $elapsed }, le client reçoit un { $status }.
   *[other] Personne ne les prend à temps dans la file : chaque client reçoit un { $status }, après { $elapsed } au plus.
}
outcome-queue-full = { $count ->
    [one] La file de { $server } est pleine : le client reçoit un { $status }.
   *[other] La file de { $server } est pleine : chaque client reçoit un { $status }.
}
outcome-server-timeout = { $count ->
    [one] { $server } ne répond pas à temps (timeout server) : après { $elapsed }, le client reçoit un { $status }.
   *[other] { $server } ne répond pas à temps (timeout server) : chaque client reçoit un { $status }, après { $elapsed } au plus.
}
outcome-broken = { $count ->
    [one] La connexion à { $server } se rompt : le client reçoit un { $status }.
   *[other] Les connexions à { $server } se rompent : chaque client reçoit un { $status }.
}
outcome-nobody = { $count ->
    [one] Le client reçoit aussitôt un { $status }.
   *[other] Chaque client reçoit aussitôt un { $status }.
}
outcome-other = { $count ->
    [one] Elle se termine par { $status } ({ $flags } dans le journal).
   *[other] Chacune se termine par { $status } ({ $flags } dans le journal).
}

deed-command = L'opérateur tape « { $command } ».
deed-reply = La réponse : { $reply }
deed-delay = { $node } reçoit l'ordre de dormir { $delay } avant chaque réponse, contrôles de santé compris (POST /delay).
deed-no-delay = { $node } reçoit l'ordre de ne plus dormir (POST /delay).
deed-stop = { $node } s'arrête : { $how ->
    [vanished] son adresse ne répond plus rien.
   *[refusing] son port refuse les connexions.
}
deed-start = { $node } redémarre, la mémoire vide.
deed-status = { $node } répond { $status } à partir de maintenant.

turned = { $server } passe de { $from } à { $place } : { $place ->
    [UP] il prend de nouveau les nouvelles requêtes ; qui est attaché ailleurs y reste.
    [DRAIN] { $bound ->
        [yes] il garde ceux qui lui sont attachés et ne prend personne de nouveau.
       *[no] il ne prend personne de nouveau.
    }
    [NOLB] { $bound ->
        [yes] il garde ceux qui lui sont attachés et ne prend personne de nouveau.
       *[no] il ne prend personne de nouveau.
    }
    [MAINT] il ne reçoit plus rien, et n'est plus contrôlé.
   *[other] il ne reçoit plus rien.
}
turned-along = Il suit { $other } : { $turned }
nobody-left = Il ne reste aucun serveur de { $backend } : chaque requête reçoit un 503.

check-fails = Contrôle de { $server } échoué { $number }/{ $of } : { $verdict } ({ $code }).
verdict = { $code ->
    [L7TOUT] pas de réponse en { $duration }
    [L4TOUT] pas de connexion en { $duration }
    [L4CON] la connexion est refusée
    [L7STS] il répond { $status }
    [L7RSP] pas de réponse valable
   *[other] après { $duration }
}
check-busy = { $server } ne fait qu'une chose à la fois, et le contrôle est arrivé pendant { $with ->
    [check] qu'un contrôle précédent était en cours.
   *[request] qu'une requête était en cours.
}
check-step = { $at } : { $number }/{ $of }.
check-down = { $how ->
    [at-once] Un échec suffit à un serveur qui vient de démarrer : { $server } passe DOWN.
   *[counted] { $server } passe DOWN.
}
check-recovers = { $at } : un contrôle réussit, et le compte recommence à zéro.
check-passes = Contrôle de { $server } réussi { $number }/{ $of }.
check-up = { $server } est de nouveau UP.
checks-again = Les contrôles de { $server } ont échoué de suite { $count ->
    [one] encore une fois
   *[other] encore { $count } fois
}, de la même manière.

survivors = { $count ->
    [one] La requête de { $client } que { $server } traitait se termine bien : { $place } ne l'interrompt pas.
   *[other] Les { $count } requêtes que { $server } traitait se terminent bien, la dernière à { $last } : { $place } ne les interrompt pas.
}
survivors-cut = { $count ->
    [one] La requête de { $client } que { $server } traitait quand il est passé { $place } y échoue.
   *[other] Des { $count } requêtes que { $server } traitait quand il est passé { $place }, { $failed } y échouent.
}
queue-server = { $client } doit attendre : { $server } est plein (maxconn { $maxconn }).
queue-backend = { $client } doit attendre dans la file du backend : tous les serveurs utilisables sont pleins.
queue-sums = En tout, { $count ->
    [one] une requête y attend
   *[other] { $count } requêtes y attendent
}, jusqu'à { $most } à la fois, { $longest } au plus.


## explain : en bref

short-nothing = Personne n'a envoyé de requête.
short-errors = { $count ->
    [one] Une requête sur { $total } a échoué.
   *[other] { $count } requêtes sur { $total } ont échoué.
}
cause-answered = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : le nœud lui-même a répondu par une erreur.
cause-gave-up = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : le client n'a pas attendu plus longtemps.
cause-nobody = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : aucun serveur n'était utilisable.
cause-refused = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : l'envoi à un serveur qui refusait la connexion et n'était pas encore DOWN pour HAProxy.
cause-connect = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : l'envoi à un serveur qui ne répondait plus et n'était pas encore DOWN pour HAProxy.
cause-queue = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : pas de place dans les files, ou pas à temps.
cause-timeout = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : le serveur a mis plus de temps que timeout server.
cause-broken = { $which ->
    [all] La raison
   *[some] { $count } d'entre elles
} : la connexion au serveur s'est rompue.
short-fine = Aucune erreur.
short-fine-slow = Aucune erreur, parce que lent n'est pas cassé : { $server } est passé DOWN pour HAProxy, mais a répondu à tout ce qu'il a reçu.
short-fine-known = Aucune erreur, parce que HAProxy savait avant la première requête que { $server } était DOWN.
short-fine-operated = Aucune erreur : l'opérateur a retiré { $server } de la répartition, et aucune requête n'a été coupée.
short-fine-saved = Aucune erreur, parce que les essais manqués ont été répétés.

short-shares = Les parts : { $shares }.
short-kept = { $algorithm } a choisi { $placed ->
    [one] une fois
   *[other] { $placed } fois
}, la persistance { $kept ->
    [one] une fois
   *[other] { $kept } fois
} : les parts ({ $shares }) suivent les clients, chacun avec toutes ses requêtes, et non { $algorithm }.
short-both = { $algorithm } a choisi { $placed ->
    [one] une fois
   *[other] { $placed } fois
}, la persistance { $kept ->
    [one] une fois
   *[other] { $kept } fois
} : { $shares }.
short-placed = { $algorithm } seul a décidé : { $shares }.
short-queued = { $algorithm } a choisi { $placed ->
    [one] une fois
   *[other] { $placed } fois
}, et les serveurs ont pris { $queued ->
    [one] une requête
   *[other] { $queued } requêtes
} dans la file : { $shares }.
rule-turns = Il tourne selon les poids, et les poids sont { $weights }.
rule-turns-out = Il tourne selon les poids, mais tous les serveurs n'ont pas toujours pu être choisis.
rule-turns-few = Il tourne selon les poids ; plus il est consulté, plus les parts sont exactes.
rule-leastconn = Il regarde les requêtes en cours{ $which ->
    [even] . Des serveurs également rapides arrivent presque à égalité.
   *[uneven] {" "}: un serveur lent garde ses requêtes plus longtemps, il est donc choisi moins souvent.
}
rule-first-enough = Il remplit un serveur avant de passer au suivant : { $clients ->
    [one] un client n'a pas
   *[other] { $clients } clients n'ont pas
} plus de requêtes en cours que { $server } n'a de places (maxconn { $maxconn }).
rule-first = Il remplit un serveur, en commençant par { $server }, avant de passer au suivant.
rule-random = Il tire { $draws ->
    [one] une place
   *[other] { $draws } places
} sur l'anneau du hachage cohérent pour chaque requête, et prend le moins chargé des serveurs rencontrés. La part de l'anneau qu'un serveur possède ne suit son poids qu'à peu près.
rule-source = { $which ->
    [one] Il calcule un hachage de l'adresse du client, et tous les clients ont la même : ils partagent un serveur.
   *[many] Il calcule un hachage de l'adresse du client : toutes les requêtes d'une adresse vont à un serveur.
}
rule-hash-none = Il hache une partie de la requête qu'aucune requête n'a : sans elle, les serveurs sont pris à tour de rôle.
rule-hash = Il calcule un hachage d'une partie de la requête : les clés égales vont au même serveur.

short-down = { $server } est passé DOWN à { $at }{ $times ->
    [one] {""}
   *[other] , la première de { $times } fois
} : ses contrôles ont échoué ({ $code }).
short-down-busy = { $server } est passé DOWN à { $at }{ $times ->
    [one] {""}
   *[other] , la première de { $times } fois
} : un contrôle dispose de { $budget }, et attend son tour derrière une requête.
short-down-slow = { $server } est passé DOWN à { $at }{ $times ->
    [one] {""}
   *[other] , la première de { $times } fois
} : un contrôle dispose de { $budget }, et il en faut davantage à { $server }.
short-up = { $server } est lent mais reste UP : son contrôle le plus lent a pris { $slowest } sur les { $budget } permises.
short-one-at-a-time = { $server } ne fait qu'une chose à la fois et dort { $delay } à chaque requête et à chaque contrôle : qui arrive entre-temps attend, { $longest } au plus jusqu'à la réponse.
short-sessions-kept = Aucune session n'a recommencé : chacun est resté là où est sa session.
short-sessions-lost = { $count ->
    [one] Une session a recommencé
   *[other] { $count } sessions ont recommencé
} : rien n'attache un client au nœud qui a sa session.
short-sessions-few = { $count ->
    [one] Une session a recommencé : son client est arrivé sur un autre nœud.
   *[other] { $count } sessions ont recommencé : leurs clients sont arrivés sur un autre nœud.
}
short-means = Une requête dure { $means }, en moyenne.


## explain : à essayer

next-check-timeout = Les contrôles ont plus de temps. { $server } reste-t-il UP, et combien de temps dure alors l'essai ?
next-fall = Il faut deux fois plus d'échecs. Combien de temps { $server } reste-t-il en service, et à qui cela sert-il ?
next-keep = Les clients gardent leurs cookies. Qui décide maintenant, et que deviennent les parts ?
next-clear = Les clients effacent leurs cookies avant chaque requête. Que deviennent les parts ?
next-threads = { $count } clients à la fois. Que deviennent les durées et les parts ?
next-delay = { $node } devient lent. Qui s'en aperçoit ?
next-retries = Une connexion manquée n'est pas répétée. Combien de temps dure alors une erreur ?
next-sticky = Un cookie attache chaque client. Les sessions continuent-elles, et que deviennent les parts ?
next-leastconn = Le serveur lent reçoit-il moins de requêtes, et que devient la moyenne ?
next-roundrobin = Les poids décident de nouveau. Que devient la moyenne ?
next-maxconn = Chaque serveur ne prend qu'une requête à la fois. Qui a maintenant quelque chose à faire ?
next-uri = Le hachage porte sur la page au lieu de l'adresse. La charge est-elle alors partagée ?
next-random = Un tirage au lieu de deux. Le résultat est-il plus égal ?
next-weight = { $server } pèse trois fois plus. { $which ->
    [kept] Qui cela concerne-t-il ?
   *[free] Quelle part reçoit-il ?
}
next-deed = { $which ->
    [drain] DRAIN au lieu de MAINT. Qui reste, et quelle session continue ?
   *[maint] MAINT au lieu de DRAIN. Qui doit partir, et que devient la session ?
}
