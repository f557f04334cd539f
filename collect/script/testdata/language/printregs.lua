-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if _printregs or _GOPHER_LUA_VERSION then error("insides of the Lua library") end
    status("nothing got out")
  end,
}
