-- What tests/import/cfg/lua.cfg uses, so that HAProxy can start with it.
core.register_action("gate", { "http-req" }, function(txn) end)
core.register_fetches("way", function(txn, arg) return "left" end)
core.register_fetches("blocked", function(txn) return "false" end)
core.register_converters("hash", function(text) return text end)
