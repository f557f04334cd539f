-- want: memory|needed more than [0-9]+ instructions|computed for more than|nested|tables
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 100000 do t = { t } end
    save(t)
  end,
}
