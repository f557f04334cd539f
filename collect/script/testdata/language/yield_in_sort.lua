-- want: register underflow|attempt to yield|needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local function broken() table.sort({ 3, 2, 1 }, function() coroutine.yield() end) end
    local co = coroutine.create(broken)
    while true do coroutine.resume(co) co = coroutine.create(broken) end
  end,
}
