-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local names = { "../x", "..", "lib/../../x", "lib...etc.passwd", "/etc/passwd", "lib./etc/passwd", "lib.x/../y", "lib.\0", "LIB.x", "" }
    for _, name in ipairs(names) do
      local ok = pcall(require, name)
      if ok then error("required " .. name) end
    end
    status("nothing got out")
  end,
}
