/// What the commands for pictures say of themselves.
extension Help {
  static let classify = Help(
    summary: "name the best classes of pictures",
    usage: "classify MODEL IMAGE... [--labels FILE] [--top 3] [--mapping M] [--fit F] [--output FILE.png] [--json]",
    description: """
      IMAGE is a PNG, JPEG or BMP picture, a PBM, PGM or PPM one, FILE.idx3-ubyte:N for the N-th image of a set like
      MNIST, or a folder, which stands for all pictures in it. It is made to fit the model's input [1, height, width,
      channels]: stretched to its size (but see --fit), linearly interpolated where it grows and averaged where it
      shrinks; colours become grey by the luma of ITU-R BT.601. An input whose height and width are free gets those of
      the first picture, or what --shape says; channels may come first, [1, channels, height, width]. An input [1,
      pixels] takes pictures of exactly that many pixels. The model's first output is taken for the scores. Printed
      are the best classes with their scores as real values, and the time of the run in microseconds. Of several
      pictures those that cannot be read are reported, the others go on, and the exit status is 3.
      """,
    options: [
      ("--labels FILE", "names of classes: a line each, or lines of a number and a name; the model's own unless given"),
      ("--top N", "how many classes to print; 3 unless given"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v. Unless given, what the"),
      ("", "model's metadata say, or else what fills the range of a quantized input; unit for other inputs"),
      mean, deviation,
    ] + pictureOptions("the picture with the best classes below it"),
    shared: .models,
    example: "tinyrun classify mobilenet_v2.tflite cat.bmp --labels imagenet_labels.txt --top 5")

  static let detect = Help(
    summary: "find objects in pictures",
    usage: "detect MODEL IMAGE... [--labels FILE] [--top 10] [--threshold 0.5] [--fit F] [--output FILE.png]",
    description: """
      IMAGE is a picture or a folder as for classify. The model must end with TFLite_Detection_PostProcess, as the SSD
      models of the Coral world do. Printed are the objects, likeliest first: score, class, label, and the box in pixels
      of the picture. Labels, the mapping of pixels and the threshold are those of the model's metadata, if it has any.
      """,
    options: [
      ("--labels FILE", "names of classes: a line each, or lines of a number and a name"),
      ("--top N", "how many objects to print; 10 unless given"),
      ("--threshold S", "the least score, from 0 to 1; that of the model's metadata unless given, or else 0.5"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v"),
      mean, deviation,
    ] + pictureOptions("the picture with boxes and labels"),
    shared: .models,
    example: "tinyrun detect ssd_mobilenet_v1.tflite street.bmp --output found.png")

  static let segment = Help(
    summary: "tell which classes the pixels of pictures are of",
    usage: "segment MODEL IMAGE... [--labels FILE] [--top 10] [--fit F] [--mask FILE.png] [--output FILE.png]",
    description: """
      IMAGE is a picture or a folder as for classify. The model's first output is a map of classes, [1, height, width],
      or of scores, [1, height, width, classes], as DeepLab has them. Printed are the classes that occur, largest first:
      share of the pixels, class, label, and the box around them in pixels of the picture.
      """,
    options: [
      ("--labels FILE", "names of classes: a line each, or lines of a number and a name; the model's own unless given"),
      ("--top N", "how many classes to print; 10 unless given"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v"),
      mean, deviation,
      ("--mask FILE.png", "write each pixel's class as a grey picture of the picture's size, 255 where none was seen;"),
      ("", "FOLDER/ for several pictures"),
    ] + pictureOptions("the picture under its classes' colours, with a legend"),
    shared: .models,
    example: "tinyrun segment deeplabv3.tflite bird.bmp --labels pascal_voc_labels.txt --output bird.png")

  static let pose = Help(
    summary: "find people's joints in pictures",
    usage: "pose MODEL IMAGE... [--threshold 0.3] [--fit F] [--output FILE.png] [--json]",
    description: """
      IMAGE is a picture or a folder as for classify. The model is MoveNet, for one person or several, or PoseNet, with
      PosenetDecoderOp at its end or without: then maps of scores and offsets give one person, and with maps of
      displacements as many as are there. Printed are the people, likeliest first, and their joints: score, name, and
      the place in pixels of the picture.
      """,
    options: [
      ("--threshold S", "the least score of a person and of a joint, from 0 to 1; 0.3 unless given"),
      ("--mapping M", "a pixel v stands for: unit, v / 255; centred, v / 127.5 - 1; raw, v"),
      mean, deviation,
    ] + pictureOptions("the picture with skeletons", json: "results for programs; joints of every score"),
    shared: .models,
    example: "tinyrun pose movenet_lightning.tflite squat.bmp --output skeleton.png")

  /// Options for mappings that have no name.
  static let mean = ("--mean M", "in place of --mapping: v stands for (v - M) / D; a number, or one for each channel")
  static let deviation = ("--deviation D", "the same: 123.675,116.28,103.53 with 58.395,57.12,57.375 are ImageNet's")

  /// Options of all commands for pictures.
  ///
  /// - Parameters:
  ///   - drawing: what a drawing shows.
  ///   - json: what `--json` prints.
  private static func pictureOptions(
    _ drawing: String, json: String = "results for programs"
  ) -> [(String, String)] {
    [
      ("--fit F", "pictures of other proportions: stretch them (unless given), pad them with black, or crop them"),
      ("--output FILE.png", "draw \(drawing); FOLDER/ for several pictures"),
      ("--json", json),
      ("--quiet", "no progress bar; do not say which mapping was chosen, nor how long all pictures took"),
    ]
  }
}
