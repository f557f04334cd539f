-- want: needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local function deeper(n)
      if n == 0 then while true do end end
      coroutine.wrap(deeper)(n - 1)
    end
    while true do pcall(deeper, 10) end
  end,
}
