-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    for _, name in ipairs { "execute", "getenv", "remove", "rename", "exit", "tmpname" } do
      if os and os[name] then error("os." .. name) end
    end
    status("nothing got out")
  end,
}
