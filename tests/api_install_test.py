#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""libapxm as somebody gets it who has only what `cmake --install` wrote.

    tests/api_install_test.py --build build [TEST...]

The header in C and C++, the symbols of the library and what it is linked
with, the pkg-config file, also after the installed tree has been moved; the
programs of docs/api.md and examples/embed.c, built with nothing else and run,
the latter also over HTTP against `apxm sim`, as is tests/api_stress.c.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes  # noqa: E402
from processes import CANARY, ROOT  # noqa: E402

SETUP = argparse.Namespace(build=None)

STRICT = ['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion',
          '-Werror']

# What the library may be linked with. Whatever else it needs (libcurl,
# libfyaml) it loads when there is a use for it.
LINKED = re.compile(r'^(lib(c|m|cjson|xxhash|pthread|dl)|ld-linux[^.]*)\.so')


def programs_of_the_page():
    """The whole programs in docs/api.md: indented blocks with a main()."""
    with open(os.path.join(ROOT, 'docs/api.md'), encoding='utf-8') as page:
        blocks = re.findall(r'(?m)(?:^    .*\n|^\n)+', page.read())
    return [re.sub(r'(?m)^    ', '', block) for block in blocks
            if 'int main(' in block]


def output_of(words, env=None):
    """What a tool said; the test fails when it ends badly."""
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding='utf-8',
                          check=False)
    if done.returncode != 0:
        raise AssertionError('%s\n%s' % (shlex.join(words), done.stdout))
    return done.stdout


def compiler(variable, *names):
    """The command of a compiler; None when there is none."""
    for name in (os.environ.get(variable),) + names:
        if name and shutil.which(name.split()[0]):
            return name.split()
    return None


class Library(unittest.TestCase):
    def setUp(self):
        self.library = os.path.join(SETUP.build, 'libapxm.so')

    def test_what_the_header_declares_is_there_and_nothing_else(self):
        with open(os.path.join(ROOT, 'include/apxm.h'), encoding='utf-8') as f:
            text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
        declared = re.findall(r'APXM_API[^;(]*?\b(apxm_\w+)\s*\(', text)
        self.assertEqual(text.count('APXM_API '), len(declared) + 1)
        lines = output_of(['nm', '-D', '--defined-only', self.library])
        symbols = [line.split()[-1] for line in lines.splitlines()]
        self.assertEqual(sorted(symbols), sorted(declared))

    def test_what_it_is_linked_with(self):
        dynamic = output_of(['readelf', '-d', '-W', self.library])
        self.assertRegex(dynamic, r'\(SONAME\).*\[libapxm\.so\.\d+\]')
        self.assertNotRegex(dynamic, r'\(R(UN)?PATH\)')
        needed = re.findall(r'\(NEEDED\).*\[(.*)\]', dynamic)
        self.assertIn('libc.so.6', needed)
        self.assertEqual([n for n in needed if not LINKED.match(n)], [])


class WithPlace(unittest.TestCase):
    def setUp(self):
        self.place = processes.Place(os.path.join(SETUP.build, 'apxm'))
        self.addCleanup(self.close)

    def close(self):
        self.assertEqual(self.place.close(), [])


class OverHttp(WithPlace):
    """The other tests need a build without sanitizers; this one is for all."""

    def test_many_hands(self):
        sim = self.place.sim()
        stress = self.place.start_other(
            [os.path.join(SETUP.build, 'api_stress'), sim.openai]).wait()
        self.assertEqual((stress.code, stress.stderr), (0, ''), stress.stdout)


class Installed(WithPlace):
    def setUp(self):
        super().setUp()
        self.use('first')
        output_of(['cmake', '--install', SETUP.build, '--prefix', self.prefix,
                   '--component', 'Unspecified'])

    def use(self, name):
        """From now on everything is looked for below this prefix."""
        self.prefix = self.place.path(name)

    def tools(self):
        """An environment in which pkg-config finds this library only."""
        folders = {os.path.join(folder, 'pkgconfig')
                   for folder, below, _ in os.walk(self.prefix)
                   if 'pkgconfig' in below}
        self.assertLessEqual(len(folders), 1)
        return dict(os.environ, PKG_CONFIG_LIBDIR=''.join(folders))

    def config(self, *words):
        said = output_of(['pkg-config', *words, 'apxm'], self.tools())
        return shlex.split(said)

    def build(self, command, source, name, *more):
        program = self.place.path(name)
        output_of(command + STRICT + [source, '-o', program]
                  + self.config('--cflags', '--libs') + list(more))
        return program

    def run_program(self, program, *words):
        """What it said; it has a key, and closing the place looks for it."""
        folder, = self.config('--variable=libdir')
        process = self.place.start_other(
            [program, *words],
            {'LD_LIBRARY_PATH': folder, 'OPENAI_API_KEY': CANARY}).wait()
        self.assertEqual(process.stderr, '')
        self.assertEqual(process.code, 0, process.stdout)
        return process.stdout

    def embed(self, name='embed'):
        """The example as it was installed, built."""
        found = [os.path.join(folder, 'embed.c')
                 for folder, _, files in os.walk(self.prefix)
                 if 'embed.c' in files]
        self.assertEqual(len(found), 1)
        return self.build(compiler('CC', 'cc', 'gcc') + ['-std=c11'],
                          found[0], name, '-lpthread')

    def check_embed(self, said):
        for place in ('Lisbon', 'Porto'):
            self.assertRegex(said, r'\[%s\] success: .' % place)
            self.assertIn('[%s] printed: asked about %s\n' % (place, place),
                          said)
            self.assertEqual(said.count('[%s] line' % place), 6)
        self.assertIn('[Atlantis] cancelled: \n', said)
        self.assertRegex(said, r'"total_requests":\s*3\b')

    # ---- what is shown

    def test_pkg_config_knows_it_wherever_it_lies(self):
        output_of(['pkg-config', '--validate', 'apxm'], self.tools())
        version, = self.config('--modversion')
        said = output_of([self.place.apxm, 'version'])
        self.assertTrue(said.startswith('apxm %s' % version), said)
        self.assertEqual(self.config('--print-requires', '--static'), [])
        before = self.prefix
        self.use('second')
        os.rename(before, self.prefix)
        self.check_embed(self.run_program(self.embed()))

    def test_the_example_over_http(self):
        sim = self.place.sim('--latency', '20ms')
        said = self.run_program(self.embed(), sim.openai, 'some-model')
        self.check_embed(said)
        self.assertIn('starts on %s\n' % sim.openai, said)
        requests = [request for request in sim.requests(6)
                    if 'Atlantis' not in json.dumps(request)]
        self.assertEqual(len(requests), 6)
        self.assertEqual(len({request['run'] for request in requests}), 2)
        self.assertEqual({r['model'] for r in requests}, {'some-model'})

    def test_the_header_in_every_language(self):
        header = self.place.write('header.c', '#include <apxm.h>\n')
        for variable, names, standard, language in (
                ('CC', ('cc', 'gcc'), 'c11', 'c'),
                ('CC', ('clang',), 'c17', 'c'),
                ('CXX', ('c++', 'g++'), 'c++17', 'c++'),
                ('CXX', ('clang++',), 'c++20', 'c++')):
            command = compiler(variable, *names)
            if command:
                output_of(command + STRICT + [
                    '-std=' + standard, '-x', language, '-fsyntax-only',
                    header] + self.config('--cflags'))

    def test_the_programs_of_the_page(self):
        in_c, in_cplusplus = programs_of_the_page()
        source = self.place.write('hello.c', in_c)
        program = self.build(compiler('CC', 'cc', 'gcc') + ['-std=c11'],
                             source, 'hello')
        said = self.run_program(
            program, os.path.join(ROOT, 'dsl-examples/01_hello.ais'), 'salt')
        self.assertIn('salt', said)
        command = compiler('CXX', 'c++', 'g++', 'clang++')
        if command:
            source = self.place.write('hello.cpp', in_cplusplus)
            program = self.build(command + ['-std=c++17'], source, 'hello++')
            self.assertEqual(self.run_program(program), 'hello\n7\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', required=True)
    arguments, rest = parser.parse_known_args()
    SETUP.build = os.path.abspath(arguments.build)
    unittest.main(argv=[sys.argv[0]] + rest)


if __name__ == '__main__':
    main()
