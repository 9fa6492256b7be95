/* SPDX-License-Identifier: MIT
 *
 * `apxm sim`: the embedded model as a server. The address is bound before
 * anything else is made, so that a port in use is said at once; a claim on the
 * address lets `--stop` find the process. With --background the same is done
 * in a child, which says that it listens (or why it does not) by itself; its
 * parent waits for a byte from it and goes.
 *
 * Main thread; the server has its own.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/grace.h"
#include "cli/interrupt.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/thread.h"
#include "server/claim.h"
#include "server/listen.h"
#include "server/sim_log.h"
#include "server/sim_server.h"

static const char standard_address[] = "127.0.0.1:8089";
enum { STOP_S = 10 }; /* how long --stop waits */

typedef struct Job {
  const Cli *cli;
  ListenAddress address;
  char name[LISTEN_TEXT_SIZE]; /* of the address */
  Buf profile;
  Outputs outputs;
  const OutputFile *log; /* or NULL */
  Claim claim;
  Interrupt interrupt;
  SimServer *server;
  int ready; /* the parent's pipe; -1: there is none */

  Mutex mutex; /* guards what follows */
  Cond changed;
  bool is_told; /* to end */
} Job;

/* ---- the command line ---------------------------------------------------- */

static int refuse_both(const Job *job, OptionId one, OptionId two) {
  const Options *options = &job->cli->options;
  if (!options_has(options, one) || !options_has(options, two))
    return EXIT_CODE_DONE;
  return cli_fail(job->cli, EXIT_CODE_USAGE,
                  "--%s and --%s cannot stand together", option_table[one].name,
                  option_table[two].name);
}

static int check_options(const Job *job) {
  static const OptionId apart[][2] = {
      {OPTION_STOP, OPTION_BACKGROUND},  {OPTION_STOP, OPTION_LOG},
      {OPTION_STOP, OPTION_LATENCY},     {OPTION_STOP, OPTION_REPLIES},
      {OPTION_STOP, OPTION_SIM_PROFILE}, {OPTION_STOP, OPTION_JSON},
      {OPTION_STOP, OPTION_FAULTS},      {OPTION_LATENCY, OPTION_SIM_PROFILE},
  };
  for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
    int code = refuse_both(job, apart[i][0], apart[i][1]);
    if (code != EXIT_CODE_DONE) return code;
  }
  return EXIT_CODE_DONE;
}

static int read_address(Job *job) {
  Error error = {0};
  const char *text = job->cli->options.value[OPTION_LISTEN];
  if (listen_parse(text ? text : standard_address, &job->address, &error) !=
      STATUS_OK)
    return cli_fail_error(job->cli, &error);
  listen_text(&job->address, job->name);
  return EXIT_CODE_DONE;
}

static int plan_log(Job *job) {
  const Options *options = &job->cli->options;
  Error error = {0};
  if (!options->value[OPTION_LOG]) return EXIT_CODE_DONE;
  if (options->value[OPTION_REPLIES])
    outputs_add_input(&job->outputs, options->value[OPTION_REPLIES]);
  if (options->value[OPTION_FAULTS])
    outputs_add_input(&job->outputs, options->value[OPTION_FAULTS]);
  job->log = outputs_add(&job->outputs, "--log", options->value[OPTION_LOG]);
  bool is_taken = options_has(options, OPTION_BACKGROUND) ||
                  options_has(options, OPTION_JSON);
  if (output_is_stdout(job->log) && is_taken)
    return cli_fail(job->cli, EXIT_CODE_USAGE,
                    "with --background or --json the log cannot go to standard "
                    "output; name a file");
  if (outputs_check(&job->outputs, &error) == STATUS_OK) return EXIT_CODE_DONE;
  return cli_fail_error(job->cli, &error);
}

static void read_profile(Job *job) {
  const Options *options = &job->cli->options;
  if (options->value[OPTION_LATENCY])
    buf_addf(&job->profile, "fixed:%s", options->value[OPTION_LATENCY]);
  else if (options->value[OPTION_SIM_PROFILE])
    buf_add_text(&job->profile, options->value[OPTION_SIM_PROFILE]);
}

/* ---- starting ------------------------------------------------------------ */

/* Who is in the way, and what can be done about it. */
static int fail_listen(const Job *job, const Error *error) {
  Error ignored = {0};
  pid_t pid = 0;
  if (error->status != STATUS_EXISTS) return cli_fail_error(job->cli, error);
  if (claim_holder(job->name, &pid, &ignored) == STATUS_OK && pid > 0)
    return cli_fail(job->cli, EXIT_CODE_SETUP,
                    "%s: an `apxm sim` listens there (pid %ld); `apxm sim "
                    "--stop --listen %s` ends it, --listen 0 takes a free port",
                    error->message, (long)pid, job->name);
  return cli_fail(job->cli, EXIT_CODE_SETUP,
                  "%s: another program listens there; --listen 0 takes a free "
                  "port",
                  error->message);
}

static void claim_name(Job *job) {
  Error error = {0};
  listen_text(&job->address, job->name); /* the port is known now */
  if (claim_take(job->name, &job->claim, &error) != STATUS_OK)
    cli_note(job->cli, "`apxm sim --stop` will not find this server: %s",
             error.message);
}

/* --latency became a profile, which the user has not seen. */
static int fail_server(const Job *job, const Error *error) {
  const char *latency = job->cli->options.value[OPTION_LATENCY];
  if (!latency || error->status != STATUS_USAGE)
    return cli_fail_error(job->cli, error);
  return cli_fail(job->cli, EXIT_CODE_USAGE,
                  "--latency needs a time (100ms, 2s), not `%s`", latency);
}

static int make_server(Job *job) {
  const Options *options = &job->cli->options;
  SimServerOptions server = {
      .sim_profile = job->profile.length ? job->profile.data : NULL,
      .replies = options->value[OPTION_REPLIES],
      .faults = options->value[OPTION_FAULTS],
      .log_fd = -1};
  Error error = {0};
  if (listen_open(&job->address, &server.listen_fd, &error) != STATUS_OK)
    return fail_listen(job, &error);
  if (job->log &&
      sim_log_open(job->log->path, &server.log_fd, &error) != STATUS_OK) {
    close(server.listen_fd);
    return cli_fail_error(job->cli, &error);
  }
  job->server = sim_server_new(&server, &error);
  if (!job->server) return fail_server(job, &error);
  claim_name(job);
  return EXIT_CODE_DONE;
}

static int announce(const Job *job) {
  Buf text = {0};
  int code = EXIT_CODE_DONE;
  unsigned long long seed = sim_server_seed(job->server);
  if (options_has(&job->cli->options, OPTION_JSON)) {
    buf_addf(&text, "{\"url\":\"http://%s/v1\",\"host\":", job->name);
    json_add_text(&text, slice_of(job->address.host));
    buf_addf(&text, ",\"port\":%u,\"pid\":%ld", job->address.port,
             (long)getpid());
    if (options_has(&job->cli->options, OPTION_FAULTS))
      buf_addf(&text, ",\"seed\":%llu", seed);
    buf_add_text(&text, "}\n");
    code = cli_print(job->cli, buf_slice(&text));
  } else {
    cli_note(job->cli, "listening on http://%s/v1 (pid %ld)", job->name,
             (long)getpid());
  }
  if (options_has(&job->cli->options, OPTION_FAULTS))
    cli_note(job->cli, "faults of %s, seed %llu",
             job->cli->options.value[OPTION_FAULTS], seed);
  if (!job->address.is_loopback)
    cli_note(job->cli,
             "whoever can reach this machine can use this server; --listen "
             "127.0.0.1:%u keeps it to this one",
             job->address.port);
  buf_free(&text);
  return code;
}

/* ---- running ------------------------------------------------------------- */

/* I/O thread. */
static void told_to_end(void *user) {
  Job *job = user;
  grace_end(GRACE_INTERRUPT); /* what is open is answered first */
  mutex_lock(&job->mutex);
  job->is_told = true;
  cond_signal(&job->changed);
  mutex_unlock(&job->mutex);
}

static void wait_until_told(Job *job) {
  mutex_lock(&job->mutex);
  while (!job->is_told) cond_wait(&job->changed, &job->mutex);
  mutex_unlock(&job->mutex);
}

/* In the background: lets go of the terminal and of the parent. */
static void detach(Job *job) {
  if (job->ready < 0) return;
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
    dup2(null, fd);
  if (null >= 0) close(null);
  if (chdir("/") != 0) log_debug("the working folder stays in use");
  if (write(job->ready, "!", 1) != 1) log_debug("the parent has gone");
  close(job->ready);
}

static int perform(Job *job) {
  Error error = {0};
  int code = make_server(job);
  if (code != EXIT_CODE_DONE) return code;
  if (interrupt_watch(&job->interrupt, sim_server_reactor(job->server),
                      told_to_end, job, &error) != STATUS_OK)
    return cli_fail_error(job->cli, &error);
  code = announce(job);
  if (code == EXIT_CODE_DONE) {
    detach(job);
    wait_until_told(job);
  }
  interrupt_unwatch(&job->interrupt);
  return code;
}

static int serve(Job *job) {
  mutex_init(&job->mutex);
  cond_init(&job->changed);
  int code = perform(job);
  if (job->server) sim_server_free(job->server);
  claim_drop(&job->claim);
  cond_destroy(&job->changed);
  mutex_destroy(&job->mutex);
  return code;
}

/* ---- in the background --------------------------------------------------- */

/* The child listens when its byte comes; without one it has ended and has said
 * why. */
static int wait_for_child(const Cli *cli, pid_t child, int pipe) {
  char byte;
  int status = 0;
  ssize_t got = read(pipe, &byte, 1);
  close(pipe);
  if (got == 1) return EXIT_CODE_DONE;
  if (waitpid(child, &status, 0) == child && WIFEXITED(status))
    return WEXITSTATUS(status);
  return cli_fail(cli, EXIT_CODE_SETUP, "the server ended as it started");
}

static int serve_in_background(Job *job) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return cli_fail(job->cli, EXIT_CODE_SETUP, "there is no pipe to be had");
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    job->ready = ends[1];
    setsid();
    return serve(job);
  }
  close(ends[1]);
  if (child > 0) return wait_for_child(job->cli, child, ends[0]);
  close(ends[0]);
  return cli_fail(job->cli, EXIT_CODE_SETUP, "no process could be started");
}

static int stop(const Job *job) {
  Error error = {0};
  pid_t pid = 0;
  if (job->address.port == 0)
    return cli_fail(job->cli, EXIT_CODE_USAGE,
                    "--stop needs the port that the server listens on");
  if (claim_stop_holder(job->name, STOP_S * NS_PER_S, &pid, &error) !=
      STATUS_OK)
    return cli_fail_error(job->cli, &error);
  cli_info(job->cli, "the server on %s (pid %ld) has ended", job->name,
           (long)pid);
  return EXIT_CODE_DONE;
}

int cmd_sim(const Cli *cli) {
  Job job = {.cli = cli, .claim = {.fd = -1}, .ready = -1};
  int code = cli_want_words(cli, 0, 0);
  if (code == EXIT_CODE_DONE) code = check_options(&job);
  if (code == EXIT_CODE_DONE) code = read_address(&job);
  if (code == EXIT_CODE_DONE) code = plan_log(&job);
  if (code != EXIT_CODE_DONE) {
    outputs_free(&job.outputs);
    return code;
  }
  read_profile(&job);
  if (options_has(&cli->options, OPTION_STOP))
    code = stop(&job);
  else if (options_has(&cli->options, OPTION_BACKGROUND))
    code = serve_in_background(&job);
  else
    code = serve(&job);
  buf_free(&job.profile);
  outputs_free(&job.outputs);
  return code;
}
