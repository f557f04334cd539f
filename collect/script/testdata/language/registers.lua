-- want: stack overflow|registry overflow|needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local function f(...) return f(1, ...) end
    for i = 1, 3 do pcall(f, i) end
    while true do end
  end,
}
