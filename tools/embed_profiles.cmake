# SPDX-License-Identifier: MIT
#
# Writes the profiles NAMES (of FOLDER, each NAME.json) as a C file OUT: the
# table that runtime/model/sim.h declares. Run by the build.

set(arrays "")
set(rows "")
string(REPEAT "....." 12 twelve) # "0x00," twelve times: one line
list(LENGTH NAMES count)
foreach(name IN LISTS NAMES)
  file(READ "${FOLDER}/${name}.json" bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(${twelve})" "\\1\n  " bytes "${bytes}")
  string(APPEND arrays
    "static const unsigned char text_${name}[] = {\n  ${bytes}\n};\n\n")
  string(APPEND rows
    "  {\"${name}\", text_${name}, sizeof text_${name}},\n")
endforeach()
file(WRITE "${OUT}"
  "/* Generated from share/sim by tools/embed_profiles.cmake. */\n"
  "#include \"runtime/model/sim.h\"\n\n${arrays}"
  "const SimProfileFile sim_profile_files[] = {\n${rows}};\n\n"
  "const uint32_t sim_profile_file_count = ${count};\n")
