-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    for _, f in ipairs { "%99999999d", "%.99999999f", "%999s", "%v", "%T", "%p", "%#v", "%!", "%[1]d" } do
      if pcall(string.format, f, 1) then error("formatted " .. f) end
    end
    status("nothing got out")
  end,
}
