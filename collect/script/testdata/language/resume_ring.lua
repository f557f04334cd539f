-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local a, b
    a = coroutine.create(function() return coroutine.resume(b) end)
    b = coroutine.create(function() return coroutine.resume(a) end)
    local _, _, ok, message = coroutine.resume(a)
    if ok then error("resumed what runs") end
    status("nothing got out")
  end,
}
