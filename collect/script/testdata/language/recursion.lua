-- want: stack overflow|needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local function f() local ok, e = pcall(f) return f() + 1 end
    f()
  end,
}
