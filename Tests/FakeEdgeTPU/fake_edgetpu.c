// A libedgetpu without a device, for tests: the C interface of libedgetpu 16.0, the calls that it makes to its host, in
// its order, and a function that can be checked in the place of a network:
//
//   output i, byte k  =  input 0, byte k mod its size  +  3 k  +  i
//   variable input i  =  its bytes + 1                 (as the new state of an LSTM is written)
//
// Built by the tests:  clang -shared -fPIC -o libedgetpu.so.1 fake_edgetpu.c  with
//   -DREGISTRATION_EXTRA=24   TfLiteRegistration of TensorFlow 2.14 and later (88 bytes) in place of that of 2.5 (64)
//   -DBY_REFERENCE            registrations are passed as arm64 does
//   -DWITHOUT_VERSION, -DWITHOUT_REGISTER   symbols are missing
//   -DKNOBS='"A=1;B=2"'       knobs that are set from the beginning
//
// What happens is written to the file that the knob TRACE names, a line an event. Knobs are set by fake_edgetpu_set, or
// by variables of the environment, FAKE_EDGETPU_ in front:
//
//   TRACE            file to write to
//   VERSION          what edgetpu_version says
//   DEVICES          how many devices there are; 1 unless set: USB and PCI by turns
//   OPEN_FAILS       no device can be opened
//   CLAIMS_NOTHING   the delegate takes no node
//   PREPARE_ERROR    the reason why prepare fails
//   BATCH            outputs get this batch
//   INVOKE_FAILS_AT  run (from 1) that fails, once
//   LOST_AT          run from which on the device is gone
//   ABORT_AT         run in which the process is aborted, as by the driver when a device is unplugged
//   SLOW             microseconds that a run takes

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// MARK: TensorFlow Lite's structures, as far as they are used.

typedef struct IntArray {
  int32_t count;
  int32_t elements[];
} IntArray;

typedef struct Context Context;
typedef struct Node Node;
typedef struct Registration Registration;
typedef struct Delegate Delegate;

typedef struct ExternalContext {
  int32_t type;
  int32_t (*refresh)(Context*);
} ExternalContext;

typedef struct Tensor {
  int32_t type;
  uint8_t* data;
  IntArray* sizes;
  float scale;
  int32_t zero_point;
  int32_t allocation_type;
  size_t byte_count;
  const void* allocation;
  const char* name;
  Delegate* delegate;
  int32_t buffer_handle;
  bool data_is_stale;
  bool is_variable;
  void* quantization[2];
  void* sparsity;
  const IntArray* sizes_signature;
} Tensor;

struct Node {
  IntArray* inputs;
  IntArray* outputs;
  IntArray* intermediates;
  IntArray* temporaries;
  void* user_data;
  void* builtin_data;
  const void* custom_options;
  int32_t custom_options_byte_count;
  Delegate* delegate;
};

struct Registration {
  void* (*initialize)(Context*, const char*, size_t);
  void (*free)(Context*, void*);
  int32_t (*prepare)(Context*, Node*);
  int32_t (*invoke)(Context*, Node*);
  const char* (*profiling_string)(const Context*, const Node*);
  int32_t builtin_code;
  const char* custom_name;
  int32_t version;
#ifdef REGISTRATION_EXTRA
  uint8_t extra[REGISTRATION_EXTRA];
#endif
};

#ifdef BY_REFERENCE
typedef const Registration* PassedRegistration;
#else
typedef Registration PassedRegistration;
#endif

struct Context {
  size_t tensor_count;
  int32_t (*get_execution_plan)(Context*, IntArray**);
  Tensor* tensors;
  void* implementation;
  int32_t (*resize_tensor)(Context*, Tensor*, IntArray*);
  void (*report_error)(Context*, const char*, ...);
  void* add_tensors;
  int32_t (*get_node_and_registration)(Context*, int32_t, Node**, Registration**);
  int32_t (*replace_node_subsets)(Context*, PassedRegistration, const IntArray*, Delegate*);
  int32_t recommended_thread_count;
  ExternalContext* (*get_external_context)(Context*, int32_t);
  void (*set_external_context)(Context*, int32_t, ExternalContext*);
};

struct Delegate {
  void* data;
  int32_t (*prepare)(Context*, Delegate*);
  void* copy_from_buffer_handle;
  void* copy_to_buffer_handle;
  void* free_buffer_handle;
  int64_t flags;
};

typedef struct DelegateParameters {
  Delegate* delegate;
  IntArray* nodes;
  IntArray* inputs;
  IntArray* outputs;
} DelegateParameters;

_Static_assert(sizeof(Tensor) == 112, "TfLiteTensor");
_Static_assert(offsetof(Tensor, byte_count) == 40, "TfLiteTensor.bytes");
_Static_assert(offsetof(Tensor, buffer_handle) == 72, "TfLiteTensor.buffer_handle");
_Static_assert(offsetof(Tensor, is_variable) == 77, "TfLiteTensor.is_variable");
_Static_assert(offsetof(Node, user_data) == 32, "TfLiteNode.user_data");
_Static_assert(offsetof(Node, custom_options) == 48, "TfLiteNode.custom_initial_data");
_Static_assert(offsetof(Context, replace_node_subsets) == 64, "TfLiteContext.ReplaceNodeSubsetsWithDelegateKernels");
_Static_assert(offsetof(Context, set_external_context) == 88, "TfLiteContext.SetExternalContext");
_Static_assert(offsetof(Registration, custom_name) == 48, "TfLiteRegistration.custom_name");

enum { kOk = 0, kError = 1, kUInt8 = 3, kInt16 = 7, kInt8 = 9, kEdgeTpuContext = 2 };

// MARK: Knobs and the trace.

enum { kKnobs = 16, kKnobLength = 512 };
static char knob_names[kKnobs][32];
static char knob_values[kKnobs][kKnobLength];

__attribute__((visibility("default"))) void fake_edgetpu_set(const char* name, const char* value) {
  for (int i = 0; i < kKnobs; i++) {
    if (knob_names[i][0] && strcmp(knob_names[i], name)) continue;
    snprintf(knob_names[i], sizeof knob_names[i], "%s", name);
    snprintf(knob_values[i], sizeof knob_values[i], "%s", value);
    return;
  }
}

static const char* knob(const char* name) {
  for (int i = 0; i < kKnobs; i++) {
    if (!strcmp(knob_names[i], name)) return knob_values[i][0] ? knob_values[i] : NULL;
  }
#ifdef KNOBS
  // NAME=VALUE, divided by semicolons.
  static char value[kKnobLength];
  for (const char* entry = KNOBS; entry; entry = strchr(entry, ';') ? strchr(entry, ';') + 1 : NULL) {
    size_t length = strlen(name);
    if (strncmp(entry, name, length) || entry[length] != '=') continue;
    snprintf(value, sizeof value, "%.*s", (int)strcspn(entry + length + 1, ";"), entry + length + 1);
    return value;
  }
#endif
  char variable[64];
  snprintf(variable, sizeof variable, "FAKE_EDGETPU_%s", name);
  return getenv(variable);
}

static int number(const char* name, int otherwise) {
  const char* value = knob(name);
  return value ? atoi(value) : otherwise;
}

static void trace(const char* format, ...) {
  const char* path = knob("TRACE");
  FILE* file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  va_list arguments;
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fputc('\n', file);
  fclose(file);
}

// MARK: Devices. A real one is an object of C++: its table of functions comes before what the host gets to see.

enum { kDevices = 8 };

typedef struct Device {
  const void* functions;
  ExternalContext external;
  int users;
  int type;
  bool is_lost;
  char path[64];
} Device;

static Device devices[kDevices];
static int live_operators, invocations;

static void find_devices(void) {
  for (int i = 0; i < kDevices; i++) {
    devices[i].functions = &devices[i];
    devices[i].type = i % 2 == 0;
    snprintf(devices[i].path, sizeof devices[i].path, devices[i].type ? "/sys/bus/usb/devices/2-%d" : "/dev/apex_%d",
             i / 2 + devices[i].type);
  }
}

static int device_count(void) {
  int count = number("DEVICES", 1);
  return count < kDevices ? count : kDevices;
}

// MARK: The custom operator.

typedef struct Operator {
  const char* options;
  size_t byte_count;
  Device* device;
} Operator;

static void* initialize(Context* context, const char* options, size_t byte_count) {
  Operator* operator = calloc(1, sizeof *operator);
  operator->options = options;
  operator->byte_count = byte_count;
  live_operators++;
  // The first and last byte are read, as a check that the pointer is good.
  trace("init len=%zu hash=%02x%02x", byte_count, byte_count ? (uint8_t)options[0] : 0,
        byte_count ? (uint8_t)options[byte_count - 1] : 0);
  return operator;
}

static void release(Context* context, void* user_data) {
  trace("free");
  if (!user_data) {
    context->report_error(context, "Null custom op data.");
    return;
  }
  live_operators--;
  free(user_data);
}

static Device* device_of(Context* context) {
  ExternalContext* external = context->get_external_context(context, kEdgeTpuContext);
  trace("GetExternalContext(2) -> %s", external ? "set" : "null");
  if (external) return (Device*)((char*)external - offsetof(Device, external));
  context->report_error(context, "Failed to retrieve TPU context.");
  return NULL;
}

static void trace_tensor(const char* what, int index, const Tensor* tensor) {
  char sizes[128] = "";
  for (int i = 0, length = 0; i < tensor->sizes->count && length < 100; i++) {
    length += snprintf(sizes + length, sizeof sizes - (size_t)length, i ? "x%d" : "%d", tensor->sizes->elements[i]);
  }
  trace("%s[%d] type=%d dims=%s bytes=%zu scale=%g zp=%d handle=%d", what, index, tensor->type, sizes,
        tensor->byte_count, tensor->scale, tensor->zero_point, tensor->buffer_handle);
}

static int32_t prepare(Context* context, Node* node) {
  trace("prepare inputs=%d outputs=%d", node->inputs->count, node->outputs->count);
  Operator* operator = node->user_data;
  if (!operator) {
    context->report_error(context, "Null custom op data.");
    return kError;
  }
  Device* device = device_of(context);
  if (!device) return kError;
  const char* reason = knob("PREPARE_ERROR");
  if (!reason && operator->device && operator->device != device) {
    reason = "Failed precondition: Custom op already assigned to a different TPU.";
  }
  if (reason) {
    context->report_error(context, "Failed to prepare for TPU. %s", reason);
    return kError;
  }
  operator->device = device;
  for (int i = 0; i < node->inputs->count; i++) {
    const Tensor* tensor = &context->tensors[node->inputs->elements[i]];
    trace_tensor("input", i, tensor);
    if (tensor->type != kUInt8 && tensor->type != kInt8 && tensor->type != kInt16) {
      char text[96];
      snprintf(text, sizeof text, "Internal: Unsupported data type in custom op handler: %d", tensor->type);
      // The text is the format, as in the real library.
      context->report_error(context, text);
      return kError;
    }
  }
  int batch = number("BATCH", 0);
  for (int i = 0; i < node->outputs->count; i++) {
    Tensor* tensor = &context->tensors[node->outputs->elements[i]];
    trace_tensor("output", i, tensor);
    if (batch == 0 || tensor->sizes->count == 0 || tensor->sizes->elements[0] == batch) continue;
    size_t byte_count = sizeof(IntArray) + sizeof(int32_t) * (size_t)tensor->sizes->count;
    // The host has to free it.
    IntArray* sizes = malloc(byte_count);
    memcpy(sizes, tensor->sizes, byte_count);
    sizes->elements[0] = batch;
    trace("ResizeTensor out[%d] -> %d", i, context->resize_tensor(context, tensor, sizes));
    trace_tensor("resized", i, tensor);
  }
  return kOk;
}

static int32_t invoke(Context* context, Node* node) {
  trace("invoke #%d", ++invocations);
  Operator* operator = node->user_data;
  if (!operator) {
    context->report_error(context, "Null custom op data.");
    return kError;
  }
  Device* device = device_of(context);
  if (!device) return kError;
  if (number("SLOW", 0) > 0) usleep((useconds_t)number("SLOW", 0));
  int lost = number("LOST_AT", 0);
  if (lost && invocations >= lost) device->is_lost = true;
  if (device->is_lost) {
    context->report_error(context, "Failed to execute request. Edge TPU is not ready.");
    return kError;
  }
  if (number("INVOKE_FAILS_AT", 0) == invocations) {
    context->report_error(context, "Failed to execute request. %s", "Deadline exceeded: 100% of the time is over");
    return kError;
  }
  if (number("ABORT_AT", 0) == invocations) {
    fprintf(stderr, "F :1150] HandleQueuedBulkIn transfer in failed. Not found: USB transfer error 5\n");
    abort();
  }
  for (int i = 0; i < node->inputs->count; i++) {
    const Tensor* tensor = &context->tensors[node->inputs->elements[i]];
    trace("in[%d] handle=%d bytes=%zu first=%d", i, tensor->buffer_handle, tensor->byte_count,
          tensor->byte_count ? tensor->data[0] : -1);
  }
  const Tensor* input = &context->tensors[node->inputs->elements[0]];
  for (int i = 0; i < node->outputs->count; i++) {
    Tensor* output = &context->tensors[node->outputs->elements[i]];
    for (size_t k = 0; k < output->byte_count; k++) {
      output->data[k] = (uint8_t)(input->data[k % input->byte_count] + 3 * k + (size_t)i);
    }
  }
  for (int i = 1; i < node->inputs->count; i++) {
    Tensor* state = &context->tensors[node->inputs->elements[i]];
    for (size_t k = 0; state->is_variable && k < state->byte_count; k++) state->data[k]++;
  }
  trace("invoke ok");
  return kOk;
}

static Registration custom_operator = {.initialize = initialize, .free = release, .prepare = prepare, .invoke = invoke};

#ifndef WITHOUT_REGISTER
// edgetpu::RegisterCustomOp()
__attribute__((visibility("default"))) Registration* register_custom_op(void)
#ifdef __APPLE__
    __asm__("__ZN7edgetpu16RegisterCustomOpEv");
#else
    __asm__("_ZN7edgetpu16RegisterCustomOpEv");
#endif
Registration* register_custom_op(void) { return &custom_operator; }
#endif

// MARK: The delegate.

static void* delegate_initialize(Context* context, const char* buffer, size_t length) {
  const DelegateParameters* parameters = (const DelegateParameters*)buffer;
  trace("delegate_init nodes=%d first=%d len=%zu", parameters->nodes->count, parameters->nodes->elements[0], length);
  Node* node;
  Registration* registration;
  // The real library checks both, and ends the process.
  if (parameters->nodes->count != 1) abort();
  if (context->get_node_and_registration(context, parameters->nodes->elements[0], &node, &registration)) abort();
  return initialize(context, node->custom_options, (size_t)node->custom_options_byte_count);
}

static int32_t delegate_prepare(Context* context, Delegate* delegate) {
  trace("Delegate.Prepare flags=%lld", (long long)delegate->flags);
  Device* device = delegate->data;
  context->set_external_context(context, kEdgeTpuContext, &device->external);
  trace("SetExternalContext(2)");
  IntArray* plan;
  if (context->get_execution_plan(context, &plan)) return kError;
  trace("GetExecutionPlan size=%d", plan->count);
  int32_t hits[256];
  int hit_count = 0;
  for (int i = 0; i < plan->count; i++) {
    Node* node;
    Registration* registration;
    if (context->get_node_and_registration(context, plan->elements[i], &node, &registration)) return kError;
    const char* name = registration->custom_name;
    trace("GetNodeAndRegistration(%d) custom=%s cinit=%d in=%d out=%d", plan->elements[i], name ? name : "-",
          node->custom_options_byte_count, node->inputs->count, node->outputs->count);
    if (name && !strcmp(name, "edgetpu-custom-op") && hit_count < 256) hits[hit_count++] = plan->elements[i];
  }
  if (number("CLAIMS_NOTHING", 0)) return kOk;
  Registration registration = custom_operator;
  registration.initialize = delegate_initialize;
  registration.custom_name = "EdgeTpuDelegateForCustomOp";
  registration.version = 1;
  for (int i = 0; i < hit_count; i++) {
    IntArray* nodes = malloc(sizeof(IntArray) + sizeof(int32_t));
    nodes->count = 1;
    nodes->elements[0] = hits[i];
    trace("Replace node %d", hits[i]);
#ifdef BY_REFERENCE
    Registration copy = registration;
    int32_t status = context->replace_node_subsets(context, &copy, nodes, delegate);
    // The copy is the caller's: the host must have taken what it needs.
    memset(&copy, 0xA5, sizeof copy);
#else
    int32_t status = context->replace_node_subsets(context, registration, nodes, delegate);
#endif
    trace("Replace -> %d", status);
    free(nodes);
  }
  return kOk;
}

// MARK: The C interface.

#define EXPORTED __attribute__((visibility("default")))

typedef struct ListedDevice {
  int32_t type;
  const char* path;
} ListedDevice;

typedef struct Option {
  const char* name;
  const char* value;
} Option;

EXPORTED ListedDevice* edgetpu_list_devices(size_t* count) {
  find_devices();
  *count = (size_t)device_count();
  trace("list -> %zu", *count);
  if (*count == 0) return NULL;
  ListedDevice* list = malloc(*count * (sizeof *list + sizeof devices[0].path));
  char* paths = (char*)(list + *count);
  for (size_t i = 0; i < *count; i++) {
    char* path = paths + i * sizeof devices[0].path;
    strcpy(path, devices[i].path);
    list[i] = (ListedDevice){devices[i].type, path};
  }
  return list;
}

EXPORTED void edgetpu_free_devices(ListedDevice* list) {
  trace("free_devices");
  free(list);
}

EXPORTED Delegate* edgetpu_create_delegate(int32_t type, const char* name, const Option* options, size_t count) {
  trace("create type=%d name=%s options=%zu", type, name ? name : "(any)", count);
  for (size_t i = 0; i < count; i++) trace("option %s=%s", options[i].name, options[i].value);
  if (count > 0 && (!options || !name)) {
    fprintf(stderr, "F :62] Check failed: name\n");
    abort();
  }
  find_devices();
  if (number("OPEN_FAILS", 0)) return NULL;
  // One that is not in use, or else one that is.
  Device* found = NULL;
  for (int i = 0; i < device_count(); i++) {
    if (devices[i].type != type || (name && *name && strcmp(name, devices[i].path))) continue;
    if (!found || (found->users > 0 && devices[i].users == 0)) found = &devices[i];
  }
  if (!found) return NULL;
  if (found->users++ == 0) found->is_lost = false;
  Delegate* delegate = calloc(1, sizeof *delegate);
  delegate->data = found;
  delegate->prepare = delegate_prepare;
  delegate->flags = 1;
  return delegate;
}

EXPORTED void edgetpu_free_delegate(Delegate* delegate) {
  trace("free_delegate live_ops=%d", live_operators);
  if (!delegate) return;
  Device* device = delegate->data;
  if (--device->users == 0) trace("device closed");
  free(delegate);
}

EXPORTED void edgetpu_verbosity(int32_t verbosity) { trace("verbosity %d", verbosity); }

#ifndef WITHOUT_VERSION
EXPORTED const char* edgetpu_version(void) {
  const char* version = knob("VERSION");
  return version ? version : "BuildLabel(COMPILER=fake,DATE=redacted,TIME=redacted), RuntimeVersion(14)";
}
#endif

// The pair by which TensorFlow Lite loads delegates from libraries, for the comparison with LiteRT.
EXPORTED Delegate* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                                 void (*report)(const char*)) {
  return edgetpu_create_delegate(1, NULL, NULL, 0);
}

EXPORTED void tflite_plugin_destroy_delegate(Delegate* delegate) { edgetpu_free_delegate(delegate); }
