-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    for _, name in ipairs { "socket.core", "lfs", "posix", "/usr/lib/lua/5.1/lfs.so", "lib.lfs" } do
      if pcall(require, name) then error("required " .. name) end
    end
    status("nothing got out")
  end,
}
